import time

from benchmarks.storm_stories import damage_imports
from benchmarks.storm_story_files import kinds
from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config


def test_damaged_files_of_every_kind_end_in_a_story_or_in_a_message(tmp_path):
    services = open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))

    counts, faults = damage_imports(services, kinds(), cases=25, seed=3, until=time.monotonic() + 120)

    assert faults == []
    assert set(counts.values()) == {25} and len(counts) == 16


def test_whole_files_of_every_kind_are_read(tmp_path):
    services = open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))

    empty = [
        kind.name
        for kind in kinds()
        for content in kind.whole
        if content != b"{}" and not flows.story_import.inspect(services, [(kind.file, content)]).story.scenes
    ]

    assert not empty
