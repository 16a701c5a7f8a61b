"""The Studio's few own lines of style. Constant text only: nothing that a person wrote ever passes through here."""

from __future__ import annotations

import streamlit as st


def apply(language: str) -> None:
    """Put the style on the page, and tell screen readers which language they read."""
    st.html(f"<style>{_STYLE}</style>")
    code = "zh-CN" if language == "zh" else "en"
    st.html(f"<script>document.documentElement.lang='{code}'</script>", unsafe_allow_javascript=True)


_STYLE = """
/* the page: a calm column, not edge to edge */
[data-testid="stMainBlockContainer"] { max-width: 1240px; padding: 2.2rem 2.5rem 7rem; }
[data-testid="stHeader"] { background: transparent; }
h1, h2, h3 { letter-spacing: .005em; }
[data-testid="stMain"] h1 { font-size: 2.1rem; font-weight: 600; padding: 0; }
[data-testid="stMain"] h3 { font-size: 1.15rem; font-weight: 600; padding: .2rem 0; }

/* menu */
[data-testid="stSidebar"] { min-width: 216px; max-width: 216px; }
.st-key-menu button { justify-content: flex-start; padding: .45rem .75rem; }
.st-key-menu button > div { justify-content: flex-start; width: 100%; }
.st-key-menu button:disabled { opacity: 1; color: var(--st-primary-color); cursor: default;
  background: color-mix(in srgb, var(--st-primary-color) 11%, transparent); }
.st-key-language-switch { margin-top: 1.5rem; }

/* a button that is only its icon: the words stay for screen readers */
[class*="st-key-icon-"] button [data-testid="stMarkdownContainer"] { position: absolute; width: 1px; height: 1px;
  overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[class*="st-key-icon-"] button { padding-inline: .4rem; min-width: 2.25rem; justify-content: center; }

/* pictures */
[data-testid="stImage"] img, [data-testid="stImageContainer"] img { border-radius: 12px; }
[class*="st-key-panel-"], [class*="st-key-cover-"] { position: relative; }
[class*="st-key-panel-"] img { width: 100%; aspect-ratio: 1; object-fit: contain;
  background: var(--st-secondary-background-color); }
[class*="st-key-cover-"] img { width: 100%; aspect-ratio: 4 / 3; object-fit: cover; object-position: 50% 30%;
  border-radius: 12px 12px 0 0; }
[class*="st-key-blank-"] { aspect-ratio: 1; border-radius: 12px; align-items: center; justify-content: center;
  background: var(--st-secondary-background-color); border: 1px dashed var(--st-border-color); text-align: center;
  color: color-mix(in srgb, var(--st-text-color) 55%, transparent); }
[class*="st-key-cover-"] [class*="st-key-blank-"] { aspect-ratio: 4 / 3; border: 0; border-radius: 12px 12px 0 0; }
[class*="st-key-badges-"] { position: absolute; left: .6rem; bottom: .6rem; z-index: 2; width: auto; }
[class*="st-key-badges-"] [data-testid="stMarkdownContainer"] span { backdrop-filter: blur(6px); }

/* cards */
[class*="st-key-card-"] { background: color-mix(in srgb, var(--st-background-color) 55%, white 45%);
  border: 1px solid var(--st-border-color); border-radius: 18px; padding: 1.4rem; }
[class*="st-key-shelf-card-"] { border: 1px solid var(--st-border-color); border-radius: 14px; overflow: hidden;
  height: 100%; transition: box-shadow .15s, transform .15s; }
[class*="st-key-shelf-card-"]:hover { box-shadow: 0 8px 28px rgb(0 0 0 / .10); transform: translateY(-1px); }
[class*="st-key-shelf-text-"] { padding: 0 1rem 1rem; }

/* a click anywhere on the picture */
[class*="st-key-whole-"] { position: absolute; inset: 0; z-index: 1; width: auto; }
[class*="st-key-whole-"] [data-testid="stButton"], [class*="st-key-whole-"] button { width: 100%; height: 100%; }
[class*="st-key-whole-"] button { opacity: 0; min-height: 0; border: 0; }
[class*="st-key-whole-"] button:focus-visible { opacity: 1; background: transparent; color: transparent;
  outline: 3px solid var(--st-primary-color); outline-offset: -3px; }

/* strip of takes */
[class*="st-key-strip-"] { gap: .5rem; }
[class*="st-key-thumb-"] { position: relative; width: 68px; flex: 0 0 68px; gap: .1rem; }
[class*="st-key-thumb-"] img { width: 68px; aspect-ratio: 1; object-fit: cover; border-radius: 9px; }
[class*="st-key-thumb-"] p { font-size: .75rem; text-align: center; }
[class*="st-key-thumb-"] [data-testid="stFullScreenFrame"] button,
[class*="st-key-thumb-"] [data-testid="stElementToolbar"] { display: none; }
[class*="st-key-thumb-chosen-"] img { outline: 3px solid var(--st-primary-color); outline-offset: 1px; }
[class*="st-key-thumb-older-"] img { opacity: .5; }

/* titles that are fields */
[class*="st-key-title-"] [data-baseweb="input"], [class*="st-key-title-"] [data-baseweb="base-input"],
[class*="st-key-title-"] [data-testid="stTextInputRootElement"] { background: transparent; border-color: transparent; }
[class*="st-key-title-"] [data-testid="stTextInputRootElement"]:hover { border-color: var(--st-border-color); }
[class*="st-key-title-"] [data-testid="stTextInputRootElement"]:focus-within { border-color: var(--st-primary-color); }
[class*="st-key-title-"] input { font-family: var(--st-heading-font); font-weight: 600; padding-left: .3rem; }
[class*="st-key-title-story-"] input { font-size: 2rem; }
[class*="st-key-title-story-"] [data-testid="stTextInputRootElement"] { height: 3.4rem; }
[class*="st-key-title-scene-"] input { font-size: 1.25rem; }

/* live progress and messages stay in sight */
.st-key-live-bar { background: var(--st-secondary-background-color); border-radius: 14px; padding: .8rem 1.1rem; }
.st-key-notices { position: fixed; z-index: 99; left: 50%; transform: translateX(-50%); bottom: 1.4rem; width: auto;
  min-width: min(420px, 92vw); max-width: min(680px, 92vw); }
[class*="st-key-notice-"] { background: var(--st-text-color); border-radius: 14px; padding: .5rem .6rem .5rem 1.1rem;
  box-shadow: 0 10px 34px rgb(0 0 0 / .28); }
[class*="st-key-notice-"] p, [class*="st-key-notice-"] button { color: var(--st-background-color); }
[class*="st-key-notice-"] button { background: transparent; }
[class*="st-key-notice-error-"] { border-left: 6px solid var(--st-red-color); }

/* the board as it is judged */
[class*="st-key-board-page"] p { text-align: center; }

@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] { padding: 3.2rem 1rem 7rem; }
  [class*="st-key-card-"] { padding: .9rem; border-radius: 16px; }
  [class*="st-key-title-story-"] input { font-size: 1.6rem; }
}
@media (prefers-reduced-motion: reduce) { * { transition: none !important; animation: none !important; } }
"""
