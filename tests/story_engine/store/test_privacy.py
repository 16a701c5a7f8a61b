"""A workspace is its owner's: new ones from the first file on, older ones from the next start on."""

import os
import stat
from pathlib import Path

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config, read_config
from story_engine.domain.disk import Limits
from story_engine.errors import FixInput
from story_engine.store.layout import Layout
from story_engine.store.limits import write_limits
from story_engine.store.privacy import keep_private
from tests.builders import a_story
from tests.local_hub import accept_kolors


@pytest.fixture
def layout(tmp_path):
    tmp_path.chmod(0o755)
    return Layout(tmp_path / "workspace", tmp_path / "stories")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def open_to_others(folder: Path) -> list[str]:
    return [path.name for path in [folder, *folder.rglob("*")] if not path.is_symlink() and mode(path) & 0o077]


def test_a_new_workspace_is_private_with_its_ledger(layout, monkeypatch):
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)  # it would ask the hub
    services = open_services(Config(workspace=layout.workspace, stories=layout.stories))
    slug = flows.shelf.create(services, "Cat", template=None)
    flows.queue.jobs(services)
    accept_kolors(layout)
    flows.models.download(services, "kolors")
    services.takes.set_pick(slug, "s1", "aaa")
    services.datasets.create("Ink")
    write_limits(layout, Limits())

    assert (layout.workspace / "jobs.sqlite").exists()
    assert [name for name in open_to_others(layout.workspace) if not name.endswith((".lock", ".log"))] == []


def test_a_wide_workspace_of_an_earlier_version_is_tightened_once(layout, tmp_path):
    wide = layout.takes("cat", "s1")
    wide.mkdir(parents=True)
    (wide / "a.png").write_bytes(b"")
    (layout.workspace / "jobs.sqlite").write_bytes(b"")
    outside = tmp_path / "shared models"
    outside.mkdir()
    layout.models.symlink_to(outside)
    for path in (layout.workspace, *layout.workspace.rglob("*")):
        path.chmod(0o755)

    assert keep_private(layout) == 6
    assert open_to_others(layout.workspace) == []
    assert mode(outside) == 0o755
    assert keep_private(layout) == 0


def test_a_folder_that_holds_other_things_or_is_shared_on_purpose_stays_reachable(layout):
    layout.workspace.mkdir()
    layout.workspace.chmod(0o755)
    (layout.workspace / "thesis.docx").write_bytes(b"")
    layout.scores.mkdir()
    layout.scores.chmod(0o755)
    keep_private(layout)
    assert (mode(layout.workspace), mode(layout.scores)) == (0o755, 0o700)

    (layout.workspace / "thesis.docx").unlink()
    layout.workspace.chmod(0o2775)
    layout.scores.chmod(0o2775)
    keep_private(layout)
    assert (mode(layout.workspace), mode(layout.scores)) == (0o2770, 0o2770)
    write_limits(layout, Limits())
    assert mode(layout.limits) & 0o007 == 0


def test_a_workspace_of_somebody_else_opens_all_the_same(layout, monkeypatch):
    layout.scores.mkdir(parents=True)
    layout.scores.chmod(0o755)

    def refuse(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chmod", refuse)
    monkeypatch.setattr(Path, "chmod", refuse)
    services = open_services(Config(workspace=layout.workspace, stories=layout.stories))

    assert services.stories.create("Cat", a_story()) == "cat"


def test_a_path_in_which_no_job_list_could_be_opened_is_named_as_too_long(tmp_path):
    deep = tmp_path
    while len(str(deep)) < 520:
        deep = deep / ("d" * 40)
    for path in (deep, tmp_path / ("长" * 90), Path("/" + "x" * 5000)):
        with pytest.raises(FixInput) as raised:
            read_config(path)
        assert raised.value.code in {"errors.workspace_too_long", "errors.workspace_not_usable"}
        assert len(raised.value.text("zh")) < 400

    just_fits = Path("/") / "/".join(["d" * 60] * 7)
    assert read_config(just_fits).workspace == just_fits
