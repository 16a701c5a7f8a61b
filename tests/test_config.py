"""What the Studio relies on in Streamlit's configuration, asked of Streamlit itself."""

import json
import subprocess
import sys

import pytest

from story_engine.config import PROJECT_FOLDER, read_config

EXPECTED = {
    "runner.postScriptGC": False,
    "server.address": "127.0.0.1",
    "server.allowedHosts": ["localhost", "127.0.0.1"],
    "server.enableXsrfProtection": True,
    "server.enableCORS": True,
    "server.enableStaticServing": False,
    "browser.gatherUsageStats": False,
    "client.showSidebarNavigation": False,
}


@pytest.fixture(scope="module")
def options():
    program = (
        "import json, streamlit.config as config\n"
        f"print(json.dumps({{name: config.get_option(name) for name in {list(EXPECTED)!r}}}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT_FOLDER, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", EXPECTED)
def test_streamlit_knows_the_option_and_has_our_value(options, name):
    assert options[name] == EXPECTED[name]


def test_the_workspace_and_the_stories_can_be_moved(monkeypatch, tmp_path):
    monkeypatch.setenv("STORY_STUDIO_WORKSPACE", str(tmp_path / "w"))
    monkeypatch.setenv("STORY_STUDIO_STORIES", str(tmp_path / "s"))

    config = read_config()

    assert (config.workspace, config.stories) == (tmp_path / "w", tmp_path / "s")
    assert read_config(tmp_path / "x").workspace == tmp_path / "x"
