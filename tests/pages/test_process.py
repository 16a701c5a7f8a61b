"""What the Streamlit process is made of: measured once each, and held here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import streamlit as st

from story_engine.config import PROJECT_FOLDER

HEAVY = ("torch", "transformers", "diffsynth", "peft", "modelscope")
TABLES = ("pandas", "pyarrow")
"""Streamlit imports them for its tables and charts; a page that has none needs none."""
VISIT = f"""
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({str(PROJECT_FOLDER / "Home.py")!r}, default_timeout=120)
app.session_state["warmed_up"] = True
app.session_state["opened_story"] = "orange-cat-en"
app.run()
app.switch_page("pages/8_Gallery.py").run()
print([name for name in {TABLES!r} if name in sys.modules])
for page in ("pages/1_Story.py", "pages/3_Dataset.py", "pages/5_LoRAs.py", "pages/6_Submit.py", "pages/7_Settings.py"):
    app.switch_page(page).run()
    assert not app.exception and not app.error, (page, app.exception, app.error)
print([name for name in {HEAVY!r} if name in sys.modules])
"""


def test_no_page_pulls_torch_into_the_process(tmp_path: Path):
    environment = os.environ | {"STORY_STUDIO_WORKSPACE": str(tmp_path), "PYTHONPATH": str(PROJECT_FOLDER)}

    visit = subprocess.run(
        [sys.executable, "-c", VISIT], cwd=PROJECT_FOLDER, env=environment, capture_output=True, text=True, check=True
    )

    assert visit.stdout.strip().splitlines() == ["[]", "[]"]


def test_the_hidden_option_that_makes_ticks_cheap_still_exists():
    """Without it every tick of every session ends in a full garbage collection."""
    assert st.get_option("runner.postScriptGC") is False
    assert st.get_option("client.showSidebarNavigation") is False
    assert st.get_option("server.address") == "127.0.0.1"
