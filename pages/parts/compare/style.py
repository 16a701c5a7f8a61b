"""The comparison page's own lines of style. Constant text only, as in `shared.style`."""

from __future__ import annotations

import streamlit as st


def apply() -> None:
    """Put them on the page."""
    st.html(f"<style>{_STYLE}</style>")


_STYLE = """
/* the grid scrolls within itself; its row names stay in sight */
.st-key-compare-grid { overflow-x: auto; padding: 4px 4px .8rem; margin: 0 -4px; }
[class*="st-key-compare-row-"] { flex-wrap: nowrap !important; width: max-content !important; min-width: 100%;
  flex: none; }
[class*="st-key-compare-row-"] > div { flex: 1 0 132px; min-width: 132px; max-width: 300px; }
[class*="st-key-compare-row-"] > div:first-child { flex: 0 0 104px; min-width: 104px; width: 104px; position: sticky;
  left: -4px; z-index: 3; background: light-dark(#FBF9F6, #17151A); padding-right: .4rem; align-self: stretch; }
.st-key-compare-row-head > div:first-child { flex-direction: column; justify-content: flex-end; }
[class*="st-key-compare-row-"]:not(.st-key-compare-row-head) > div:first-child { flex-direction: column;
  justify-content: center; }
[class*="st-key-compare-cell-"], [class*="st-key-compare-best-"] { position: relative; flex: 1 1 auto; }
[class*="st-key-compare-label-"], .st-key-compare-corner { height: auto; flex: none; }
[class*="st-key-compare-column-"] { height: auto; flex: 1 1 auto; }
[class*="st-key-compare-label-"] p { font-weight: 600; overflow-wrap: anywhere; }
.st-key-compare-corner p { font-size: .78rem; color: var(--soft); line-height: 1.35; }
[class*="st-key-compare-column-"] p { font-weight: 600; text-align: center; overflow-wrap: anywhere; }
[class*="st-key-compare-cell-"] img, [class*="st-key-compare-best-"] img { width: 100% !important; aspect-ratio: 1;
  object-fit: contain; background: var(--quiet); border-radius: 10px; }
[class*="st-key-compare-cell-"] [data-testid="stFullScreenFrame"] > div,
[class*="st-key-compare-best-"] [data-testid="stFullScreenFrame"] > div,
[class*="st-key-compare-cell-"] [data-testid="stImage"], [class*="st-key-compare-best-"] [data-testid="stImage"],
[class*="st-key-compare-cell-"] [data-testid="stImageContainer"],
[class*="st-key-compare-best-"] [data-testid="stImageContainer"] { width: 100% !important; max-width: none; }
[class*="st-key-compare-cell-"] [data-testid="stElementToolbar"],
[class*="st-key-compare-best-"] [data-testid="stElementToolbar"] { display: none; }
[class*="st-key-compare-best-"] img { outline: 3px solid var(--accent); outline-offset: 1px; }
[class*="st-key-blank-compare-"] p { font-size: .8rem; }
[class*="st-key-badges-compare-"] { left: .35rem; bottom: .35rem; }
[class*="st-key-whole-look-compare-"] { z-index: 2; cursor: pointer; }
.st-key-compare-head { flex-wrap: wrap; }
[class*="st-key-compare-suggestions-"] button { padding: 0 .5rem; min-height: 1.9rem; color: var(--soft); }
.st-key-compare-bar { padding: .2rem 0; }

@media (max-width: 640px) {
  [class*="st-key-compare-row-"] > div:first-child { flex-basis: 76px; width: 76px; min-width: 76px; }
  .st-key-card-compare-axes [data-testid="stColumn"] { min-height: 0; }
  [class*="st-key-compare-label-"] p { font-size: .85rem; }
}
"""
