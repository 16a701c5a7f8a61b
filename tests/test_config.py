"""What the Studio relies on in Streamlit's configuration, asked of Streamlit itself."""

import json
import subprocess
import sys

import pytest

from story_engine.config import PROJECT_FOLDER, read_config
from story_engine.errors import FixInput

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


def test_hosts_are_read_out_of_names_and_whole_addresses(monkeypatch):
    monkeypatch.setenv("STORY_STUDIO_ALLOWED_HOSTS", "https://A.cn:443/lab?x=1, *.b.cn c.cn:8501,,*")

    assert read_config().allowed_hosts == ("a.cn", "*.b.cn", "c.cn", "*")


@pytest.mark.parametrize("given", ["a@b.cn", "https://", "*a.cn", "a:b:c"])
def test_what_is_no_host_name_is_named(monkeypatch, given):
    monkeypatch.setenv("STORY_STUDIO_ALLOWED_HOSTS", given)

    with pytest.raises(FixInput, match="STORY_STUDIO_ALLOWED_HOSTS"):
        read_config()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STORY_STUDIO_PLAIN_SCHEDULER", "yes"),
        ("STORY_STUDIO_USER", "x" * 3000),
        ("STORY_STUDIO_USER", "a\nb"),
        ("STORY_STUDIO_STORIES", __file__),
        ("STORY_STUDIO_STORIES", "x" * 300),
        ("STORY_STUDIO_WORKSPACE", __file__),
        ("STORY_STUDIO_THREADS", "many"),
        ("STORY_STUDIO_JOBS_KEPT", "-1"),
        ("STORY_STUDIO_JOB_DAYS_KEPT", "1.5"),
        ("STORY_STUDIO_USER_DISK_GB", "1 TB"),
        ("STORY_STUDIO_USER_JOBS", "二十"),
    ],
)
def test_nonsense_in_the_environment_is_told_with_what_was_said(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(FixInput) as refused:
        read_config()

    for language in ("en", "zh"):
        assert value[:30] in refused.value.text(language)
