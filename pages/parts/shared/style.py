"""The Studio's few own lines of style. Constant text only: nothing that a person wrote ever passes through here."""

from __future__ import annotations

import streamlit as st


def apply(language: str) -> None:
    """Put the style on the page, and tell screen readers which language they read.

    Streamlit draws popovers and menus beside the app, where its choice of light or dark is not known: they are told.
    """
    st.html(f"<style>{_STYLE}</style>")
    code = "zh-CN" if language == "zh" else "en"
    st.html(f"<script>document.documentElement.lang='{code}';{_TELL_SCHEME}</script>", unsafe_allow_javascript=True)


# In braces: the same names are declared again with every other language.
_TELL_SCHEME = """
{
  const app = document.querySelector('[data-testid="stApp"]');
  if (app) document.documentElement.style.colorScheme = getComputedStyle(app).colorScheme;
}
"""
_STYLE = """
:root, [data-testid="stApp"], [data-testid="stPortal"], .st-key-notices {
  --accent: light-dark(#9A3B66, #D07FA6);
  --line: light-dark(#E5DED5, #37323E);
  --page: light-dark(#FBF9F6, #17151A);
  --quiet: light-dark(#F3EFE9, #221F27);
  --sheet: light-dark(#FFFFFF, #1D1A21);
  --soft: light-dark(#6A626E, #A39BA9);
  --tale: Georgia, "Noto Serif", "Songti SC", "Noto Serif CJK SC", "Noto Serif SC", SimSun, serif;
}

/* the page: a calm column, not edge to edge */
[data-testid="stMainBlockContainer"] { max-width: 1240px; padding: 2.2rem 2.5rem 7rem; }
[data-testid="stHeader"] { background: transparent; }
[data-testid="stHeader"], [data-testid="stHeader"] * { pointer-events: none; } /* what lies under it can be clicked */
[data-testid="stHeader"] :is(button, button *) { pointer-events: auto; }
[data-testid="stMain"] h1 { font-size: 2.1rem; font-weight: 600; padding: 0 0 1.1rem; }
[data-testid="stMain"] h2 { font-size: 1.2rem; font-weight: 600; padding: .9rem 0 .6rem; }

/* what is quiet can still be read: 4.5 : 1 at least, on every ground (WCAG AA) */
[data-testid="stCaptionContainer"], [data-testid="stExpander"] summary,
[data-testid="stExpander"] summary :not(svg) { opacity: 1 !important; }
[data-testid="stCaptionContainer"] p, [data-testid="stExpander"] summary p { color: var(--soft); }
button[data-selected="true"] p,
:is([data-testid="stBaseButton-tertiary"], [data-testid="stBaseButton-secondary"], [data-testid="stPopoverButton"],
  [data-testid="stMenuButton"] button):is(:hover, :focus, :active, [aria-expanded="true"]):not([kind="primary"]) p {
  color: var(--accent); }
kbd { color: inherit !important; opacity: 1 !important; }
:is(button, a, summary, [role="radio"], [role="tab"], [role="switch"]):focus-visible {
  outline: 3px solid var(--accent); outline-offset: 2px; }

/* a long menu scrolls: it would begin above a phone's screen */
[data-testid="stMenuButtonBody"] { max-height: min(48dvh, 34rem); overflow-y: auto; overscroll-behavior: contain; }

/* a window of several lines opens where there is room for some of them, not as a slit at the screen's edge */
[data-testid="stPopoverBody"]:has([data-testid="stVerticalBlock"] > :nth-child(3)) { min-height: min(10rem, 45dvh); }
[data-testid="stPopoverBody"]:has([data-testid="stVerticalBlock"] > :nth-child(6)) { min-height: min(18rem, 45dvh); }

/* menu */
[data-testid="stSidebar"] { min-width: 212px; max-width: 212px; }
[data-testid="stSidebarHeader"] { height: 2.6rem; }
.st-key-app-name p { font-family: var(--tale); font-size: 1.25rem; font-weight: 600; padding: 0 0 .6rem .75rem; }
.st-key-menu button { justify-content: flex-start; padding: .45rem .75rem; }
.st-key-menu button > div { justify-content: flex-start; width: 100%; }
.st-key-menu button:disabled { opacity: 1; color: var(--accent); cursor: default;
  background: color-mix(in srgb, var(--accent) 12%, transparent); }
.st-key-menu button:disabled p { font-weight: 600; color: var(--accent); }
.st-key-language-switch { margin-top: 1.5rem; }

/* a button that is only its icon: the words stay for screen readers */
[class*="st-key-icon-"] button [data-testid="stMarkdownContainer"] { position: absolute; width: 1px; height: 1px;
  overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[class*="st-key-icon-"] button { padding-inline: .4rem; min-width: 2.4rem; justify-content: center; }

[class*="st-key-unseen-"] { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }

/* pictures */
[data-testid="stImageContainer"] img { border-radius: 12px; }
[class*="st-key-panel-"], [class*="st-key-cover-"] { position: relative; }
[class*="st-key-preview-"] [data-testid="stFullScreenFrame"] > div, [class*="st-key-preview-"] [data-testid="stImage"],
[class*="st-key-preview-"] [data-testid="stImageContainer"],
[class*="st-key-panel-"] [data-testid="stFullScreenFrame"] > div, [class*="st-key-panel-"] [data-testid="stImage"],
[class*="st-key-cover-"] [data-testid="stFullScreenFrame"] > div, [class*="st-key-cover-"] [data-testid="stImage"],
[class*="st-key-panel-"] [data-testid="stImageContainer"], [class*="st-key-cover-"] [data-testid="stImageContainer"] {
  width: 100% !important; max-width: none; }
[class*="st-key-panel-"] img, [class*="st-key-preview-"] img { width: 100% !important; aspect-ratio: 1;
  object-fit: contain; background: var(--quiet); }
[class*="st-key-cover-"] img { width: 100% !important; aspect-ratio: 4 / 3; object-fit: cover;
  object-position: 50% 30%; border-radius: 0; }
[class*="st-key-blank-"] { aspect-ratio: 1; border-radius: 12px; align-items: center; justify-content: center;
  background: var(--quiet); border: 1px dashed var(--line); }
[class*="st-key-blank-"] p { color: var(--soft); text-align: center; }
[class*="st-key-cover-"] [class*="st-key-blank-"] { aspect-ratio: 4 / 3; border: 0; border-radius: 0; }
[class*="st-key-cover-"] [class*="st-key-blank-"] p { font-size: 2.2rem; opacity: .55; }
[class*="st-key-frame-"] { position: relative; }
[class*="st-key-preview-"] { position: absolute; inset: 0 0 auto; aspect-ratio: 1; z-index: 1; pointer-events: none; }
[class*="st-key-badges-"] { position: absolute; left: .6rem; bottom: .6rem; z-index: 2; width: auto;
  pointer-events: none; }
[class*="st-key-badges-"] .stMarkdownBadge { background: rgb(255 255 255 / .9) !important; color: #2A2530 !important; }

/* cards */
[class*="st-key-card-"] { background: var(--sheet); border: 1px solid var(--line); border-radius: 18px;
  padding: 1.4rem; }
[class*="st-key-shelf-card-"] { background: var(--sheet); border: 1px solid var(--line); border-radius: 16px;
  overflow: hidden; height: 100%; transition: box-shadow .15s, transform .15s; }
[class*="st-key-shelf-card-"]:hover { box-shadow: 0 8px 28px rgb(0 0 0 / .10); transform: translateY(-1px); }
[class*="st-key-shelf-text-"] { padding: .2rem 1rem .8rem; }
[class*="st-key-shelf-text-"] [data-testid="stHorizontalBlock"] { flex-wrap: nowrap; }
[class*="st-key-shelf-text-"] [data-testid="stHorizontalBlock"] > .stElementContainer { min-width: 0;
  text-wrap: balance; word-break: keep-all; overflow-wrap: anywhere; }

/* a click anywhere on the picture */
[class*="st-key-seen-"] { position: relative; flex: none; }
[class*="st-key-whole-"] { position: absolute; inset: 0; z-index: 1; width: auto; height: auto; }
[class*="st-key-whole-"] > div, [class*="st-key-whole-"] [data-testid="stButton"],
[class*="st-key-whole-"] button { width: 100%; height: 100%; }
[class*="st-key-whole-"] button { opacity: 0; min-height: 0; border: 0; overflow: hidden; }
[class*="st-key-whole-"] button:focus-visible { opacity: 1; background: transparent; color: transparent;
  outline: 3px solid var(--accent); outline-offset: -3px; }

/* strip of takes */
[class*="st-key-thumb-"] { position: relative; }
[class*="st-key-thumb-"] img { width: 64px !important; aspect-ratio: 1; object-fit: cover; border-radius: 9px; }
[class*="st-key-pick-"], [class*="st-key-pick-"] > div, [class*="st-key-pick-"] [data-testid="stButton"] {
  position: absolute; inset: 0; width: 100%; height: 100%; }
[class*="st-key-thumb-"] { padding-bottom: 1.35rem; }
[class*="st-key-pick-"] button { width: 100%; height: 100%; min-height: 0; padding: 0; align-items: flex-end;
  border-radius: 9px; }
[class*="st-key-pick-"] button:focus-visible { outline: 3px solid var(--accent); }
[class*="st-key-thumb-"] p { font-size: .72rem; color: var(--soft); white-space: nowrap; }
[class*="st-key-strip-"] { padding-top: .2rem; }
[class*="st-key-thumb-"] [data-testid="stElementToolbar"] { display: none; }
[class*="st-key-thumb-chosen-"] img { outline: 3px solid var(--accent); outline-offset: 1px; }
[class*="st-key-thumb-older-"] img { opacity: .5; }
[class*="st-key-thumb-"][class*="-control-"]::after { content: "LoRA"; text-decoration: line-through;
  position: absolute; left: 4px; top: 4px; padding: 0 .3rem; border-radius: 6px; font-size: .62rem;
  line-height: 1.05rem; color: #2A2530;
  background: rgb(255 255 255 / .9); pointer-events: none; }

/* titles that are fields */
[class*="st-key-title-"] [data-testid="stTextInputRootElement"] { background: transparent; border-color: transparent; }
[class*="st-key-title-"] [data-testid="stTextInputRootElement"] > div,
[class*="st-key-title-"] input { background: transparent; }
[class*="st-key-title-"] [data-testid="stTextInputRootElement"]:hover { border-color: var(--line); }
[class*="st-key-title-"] [data-testid="stTextInputRootElement"]:focus-within { border-color: var(--accent); }
[class*="st-key-title-"] input { font-family: var(--tale); font-weight: 600; padding-left: .3rem; }
[class*="st-key-title-"] input:not(:focus) { text-overflow: ellipsis; }
[class*="st-key-title-story-"] input { font-size: 2.1rem; }
[class*="st-key-title-story-"] [data-testid="stTextInputRootElement"] { height: 3.4rem; margin-left: -.4rem; }
[class*="st-key-title-scene-"] input { font-size: 1.3rem; }
[class*="st-key-number-"] p { font-family: var(--tale); font-size: 1.5rem; font-weight: 600; color: var(--accent);
  line-height: 2.2rem; min-width: 1.2rem; }

/* a seed is rolled or typed, never counted up by one */
[class*="st-key-making-"] [data-testid="stNumberInputStepUp"],
[class*="st-key-making-"] [data-testid="stNumberInputStepDown"] { display: none; }

/* what changes stands beside the label of what is folded away: with another label it would be another one */
[class*="st-key-fold-"]:not([class*="st-key-fold-note-"]) { position: relative; }
[class*="st-key-fold-note-"] { position: absolute; inset: .3rem 0 auto auto; width: auto; max-width: 55%;
  pointer-events: none; }
[class*="st-key-fold-note-"] p { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }

/* choices that are cards: presets of a training */
[class*="st-key-preset-"] { position: relative; background: var(--quiet); border: 1px solid var(--line);
  border-radius: 14px; padding: .8rem 1rem; height: 100%; }
[class*="st-key-preset-chosen-"] { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent);
  background: color-mix(in srgb, var(--accent) 8%, transparent); }
.st-key-train-head p strong { font-family: var(--tale); font-size: 1.35rem; font-weight: 600; }
.st-key-train-figures strong { font-size: 1.15rem; font-weight: 600; }

/* samples of a training: a row scrolls sideways, its pictures keep their size */
[class*="st-key-train-samples-"] { overflow-x: auto; padding-bottom: .4rem; }
[class*="st-key-train-sample-"] { flex-shrink: 0; }

/* live progress and messages stay in sight */
.st-key-live-bar { background: var(--quiet); border-radius: 14px; padding: .8rem 1.1rem; }
[data-testid="stMain"] { max-height: calc(100dvh - var(--notices-height, 0px)); }
.st-key-notices { position: fixed; z-index: 99; left: 50%; transform: translateX(-50%); bottom: .8rem; width: auto;
  min-width: min(420px, 92vw); max-width: min(680px, 92vw); }
.st-key-queue-handle button { justify-content: flex-start; padding: .45rem .75rem; }
.st-key-queue-panel { width: min(30rem, 84vw); }
.st-key-notices [class*="st-key-notice-"] { background: light-dark(#2A2530, #3D3745); border-radius: 14px;
  padding: .5rem .6rem .5rem 1.1rem; box-shadow: 0 10px 34px rgb(0 0 0 / .28); }
.st-key-notices :is(p, button, span) { color: #F7F3F8; }
.st-key-notices button { background: transparent; border-color: rgb(255 255 255 / .3); }
.st-key-notices [class*="st-key-notice-error-"] { background: light-dark(#7E2230, #7A2A36); }

/* the board as it is judged */
[class*="st-key-board-page"] p { text-align: center; font-family: var(--tale); }
[class*="st-key-board-page"] h2 { font-size: 1.7rem; padding-bottom: .8rem; }

/* the story page: a bar that stays in sight, and scenes of which three fit under it */
[data-testid="stMainBlockContainer"]:has(.st-key-bar) { padding-top: .4rem; max-width: 1320px; gap: .5rem; }
[data-testid="stMainBlockContainer"]:has(.st-key-bar) > [data-testid="stVerticalBlock"] { gap: .45rem; }
[data-testid="stLayoutWrapper"]:has(> .st-key-bar) { position: sticky; top: 0; z-index: 90; }
.st-key-bar { background: var(--page); padding: .3rem 0 .35rem; border-bottom: 1px solid var(--line); }
.st-key-bar-row { padding-right: 2.4rem; flex-wrap: nowrap; }
.st-key-bar [class*="st-key-title-story-"] input { font-size: 1.45rem; }
.st-key-bar [class*="st-key-title-story-"] [data-testid="stTextInputRootElement"] { height: 2.5rem; }
.st-key-bar-strip { min-height: 58px; gap: .3rem; }
.st-key-bar .st-key-live-bar { background: none; padding: 0 .2rem; gap: .1rem; max-height: 4.2rem; overflow-y: auto; }
.st-key-handles { row-gap: .3rem; }
.st-key-outdated { background: var(--quiet); border-radius: 10px; padding: .1rem .2rem .1rem .8rem; }
.st-key-outdated p { font-size: .9rem; }
[data-testid="stMain"] [data-testid="stElementContainer"]:has(> [data-testid="stHtml"]), .st-key-own-words,
[data-testid="stLayoutWrapper"]:has(> [class*="st-key-unseen-"]) { position: absolute; }
[class*="st-key-work-"] { position: absolute; left: .5rem; right: .5rem; top: .5rem; z-index: 2; width: auto;
  pointer-events: none; }
[class*="st-key-work-"] :is(p, [data-testid="stProgress"]) { background: rgb(255 255 255 / .9); color: #2A2530;
  border-radius: 9px; padding: .15rem .5rem; font-size: .8rem; width: fit-content; margin: 0; }
[class*="st-key-work-"] [data-testid="stProgress"] { width: 100%; }
[class*="st-key-work-"] [data-testid="stProgress"] p { padding: 0; background: none; }
.st-key-scenes-dense { gap: .5rem !important; }
.st-key-scenes-dense [class*="st-key-card-"] { padding: .6rem .7rem; border-radius: 14px; }
.st-key-scenes-dense [class*="st-key-card-"] [data-testid="stVerticalBlock"] { gap: .3rem; }
[class*="st-key-scenes-"] [class*="st-key-card-"]:focus:not(:focus-visible) { outline: none; }
@media (min-width: 641px) {
  .st-key-scenes-dense [class*="st-key-card-"] > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] >
    [data-testid="stColumn"]:first-child { flex: 0 0 330px !important; width: 330px !important; min-width: 0; }
  .st-key-scenes-dense [class*="st-key-card-"] > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] >
    [data-testid="stColumn"]:last-child { flex: 1 1 0 !important; min-width: 0; }
  .st-key-scenes-dense
    [data-testid="stVerticalBlock"]:has(> [data-testid="stLayoutWrapper"] > [class*="st-key-panel-"]) { display: grid;
    grid-template: "picture takes" 1fr "picture take" auto / 172px 1fr; gap: 0 .6rem !important; align-items: start; }
  .st-key-scenes-dense [data-testid="stLayoutWrapper"]:has(> [class*="st-key-panel-"]) { grid-area: picture; }
  .st-key-scenes-dense [data-testid="stLayoutWrapper"]:has(> [class*="st-key-strip-"]) { grid-area: takes; }
  .st-key-scenes-dense [data-testid="stLayoutWrapper"]:has(> [class*="st-key-take-row-"]) { grid-area: take; }
  .st-key-scenes-dense [data-testid="stLayoutWrapper"]:has(> [class*="st-key-comparison-"]) { grid-column: 1 / -1; }
  .st-key-scenes-dense [class*="st-key-strip-"] { max-height: 138px; overflow-y: auto; padding: 3px; gap: .25rem;
    scrollbar-width: thin; }
  .st-key-scenes-dense [class*="st-key-take-row-"] { gap: 0 .3rem; }
  .st-key-scenes-dense [class*="st-key-take-row-"] button { min-height: 1.5rem; padding: 0 .2rem; }
  .st-key-scenes-dense [class*="st-key-thumb-"] { width: 60px !important; padding-bottom: 1.1rem; }
  .st-key-scenes-dense [class*="st-key-thumb-"] img { width: 56px !important; }
  .st-key-scenes-dense [class*="st-key-preview-"], .st-key-scenes-dense [class*="st-key-work-"] { width: 172px; }
  .st-key-scenes-dense [class*="st-key-title-scene-"] input { font-size: 1.05rem; }
  .st-key-scenes-dense [class*="st-key-top-"] { flex-wrap: nowrap; }
  .st-key-scenes-dense textarea { max-height: 6.4rem; overflow-y: auto !important; }
}

@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] { padding: 3.4rem 1rem 7rem; }
  [data-testid="stMainBlockContainer"]:has(.st-key-bar) { padding-top: 0; }
  .st-key-bar-row { flex-wrap: wrap; padding-right: 0; row-gap: .2rem; }
  .st-key-bar-row > [data-testid="stLayoutWrapper"]:has(> [class*="st-key-title-story-"]) { flex: 0 0 100%;
    padding: .2rem 2.8rem 0; }
  [class*="st-key-scenes-"] { flex-direction: row !important; align-items: flex-start; overflow-x: auto;
    scroll-snap-type: x mandatory; gap: 1rem !important; scrollbar-width: none; }
  [class*="st-key-scenes-"] > [data-testid="stLayoutWrapper"] { flex: 0 0 100%; scroll-snap-align: start;
    scroll-snap-stop: always; }
  [class*="st-key-card-"] { padding: .9rem; border-radius: 16px; }
  [class*="st-key-title-story-"] input { font-size: 1.45rem; }
  [data-testid="stMain"] h1 { font-size: 1.7rem; }
  [class*="st-key-drawer-"] button { padding-inline: .55rem; }
  .st-key-render-all kbd, .st-key-render-all [data-testid="stButtonShortcut"] { display: none; }
}
@media (prefers-reduced-motion: reduce) { * { transition: none !important; animation: none !important; } }
"""
