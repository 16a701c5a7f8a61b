import time

import pytest

from benchmarks import storm, storm_imports, storm_inputs, storm_kills
from benchmarks.storm_inputs import damage_inputs


@pytest.mark.thorough
@pytest.mark.timeout(400)
def test_a_small_storm_breaks_nothing(capsys):
    code = storm.main(["--kills", "4", "--import-kills", "2", "--readers", "3", "--inputs", "450", "--minutes", "3"])

    printed = capsys.readouterr().out
    assert code == 0, printed
    assert "imports" in printed and "2 kills" in printed
    assert "damaged inputs                450" in printed and "kills                         4" in printed


def test_a_reader_that_breaks_on_an_input_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(storm_inputs, "read_story", lambda content, *, file: 1 // (len(content) % 2))

    _, faults = damage_inputs(tmp_path, count=90, seed=1, until=time.monotonic() + 60)

    assert {fault.reader for fault in faults} == {"story"}
    assert faults[0].what.startswith("ZeroDivisionError")


def test_the_same_seed_damages_the_same_way():
    content = b"a: 1\nb: [2, 3]\n" * 5

    one, again, other = (
        [storm_inputs.damaged(content, storm_inputs.random.Random(f"{seed}/{number}")) for number in range(20)]
        for seed in (0, 0, 1)
    )

    assert one == again != other


def test_a_picture_that_was_lost_is_found(tmp_path, monkeypatch):
    layout = storm_kills.Layout(tmp_path / "workspace", tmp_path / "stories")
    usual = storm_kills.TakeStore.takes_of
    monkeypatch.setattr(storm_kills.TakeStore, "takes_of", lambda self, *place: usual(self, *place)[1:])

    found = storm_kills.kill_at_random(layout, kills=0, readers=0, seed=0, until=time.monotonic())

    assert len(found.faults) == 1 and "is not there" in found.faults[0]


def test_a_picture_that_an_import_lost_or_refused_is_found(tmp_path, monkeypatch):
    layout = storm_kills.Layout(tmp_path / "workspace", tmp_path / "stories")
    monkeypatch.setattr(storm_imports, "PICTURES", 5)
    usual = storm_imports._make_pictures

    def one_is_none(folder, choice):
        usual(folder, choice)
        (folder / "000.png").write_bytes(b"no picture")

    monkeypatch.setattr(storm_imports, "_make_pictures", one_is_none)

    found = storm_imports.interrupt_imports(layout, kills=1, seed=0, until=time.monotonic() + 5)

    assert any("refused 1" in fault for fault in found.faults) and any("lacks 1" in fault for fault in found.faults)
