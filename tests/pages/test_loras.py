"""The LoRA page: what is there, what comes in, what is refused, what is mended, what goes out."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from story_engine import flows
from story_engine.domain.lora import Provenance
from story_engine.domain.story import LoraUse
from story_engine.lora_files.read import read_lora
from story_engine.lora_files.tensors import LARGEST_FILE_BYTES
from tests.pages.conftest import Studio, texts
from tests.story_engine.inference.small_loras import RANK, random_halves, save_checkpoint, save_kohya
from tests.story_engine.inference.small_preview import small_workspace

STORY = "orange-cat-en"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the smallest preview model, which the small LoRAs fit."""
    folder = tmp_path_factory.mktemp("small")
    small_workspace(folder)
    return folder / "workspace"


@pytest.fixture
def studio(studio: Studio, small: Path) -> Studio:
    models = studio.services.config.workspace / "models"
    models.mkdir(parents=True)
    (models / "preview").symlink_to(small / "models" / "preview")
    return studio


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LoRA files of every kind; nothing here changes them."""
    folder = tmp_path_factory.mktemp("files")
    halves = random_halves()
    save_kohya(halves, folder / "ink.safetensors")
    save_checkpoint(halves, folder / "challenge.ckpt")
    whole = (folder / "ink.safetensors").read_bytes()
    (folder / "half-a-file.safetensors").write_bytes(whole[: len(whole) // 2])
    first_half = list(halves.items())[: len(halves) // 2]
    save_kohya(dict(first_half), folder / "partial.safetensors")
    other = {name: (torch.randn(RANK, 33), torch.randn(47, RANK)) for name in halves}
    save_kohya(other, folder / "other-base.safetensors")
    with zipfile.ZipFile(folder / "malicious.ckpt", "w") as archive:
        archive.writestr("malicious/data.pkl", pickle.dumps(_Malicious(folder / "pwned")))
        archive.writestr("malicious/version", "3")
    with (folder / "huge.safetensors").open("wb") as file:
        file.truncate(3 * 10**9)
    return folder


class _Malicious:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.mark,))


def brought(studio: Studio, path: Path, **options: float) -> str:
    return flows.loras.add_file(studio.services, path.name, path, **options)


def opened(studio: Studio, name: str, view: str | None = None, **options: str) -> AppTest:
    app = studio.page("loras", lora=name, **options)
    if view is not None:
        app.segmented_control(key=f"lora-view-{name}").set_value(view).run()
    return app


def taken_in(studio: Studio, path: Path) -> AppTest:
    """The page after the path of a file was given and the button pressed."""
    app = studio.page("loras")
    app.text_input(key="lora-path-0").set_value(str(path)).run()
    return app.button(key="lora-take-in").click().run()


def test_an_empty_library_leads_to_training_and_to_a_file(studio: Studio):
    app = studio.page("loras")

    assert not app.exception
    assert not app.error
    assert app.button(key="lora-to-train")
    assert app.button(key="lora-take-in").disabled


def test_an_uploaded_file_is_in_the_library_and_open(studio: Studio, files: Path):
    app = studio.page("loras")

    app.file_uploader(key="lora-file-0").upload("ink.safetensors", (files / "ink.safetensors").read_bytes()).run()
    app.button(key="lora-take-in").click().run()

    assert not app.exception
    assert not app.error
    assert app.query_params["lora"] == "ink"
    assert studio.services.lora_library.entry("ink").report.state == "ok"
    assert "ink is in the library now" in texts(app)


def test_the_library_shows_what_each_lora_is(studio: Studio, files: Path):
    name = brought(studio, files / "ink.safetensors")
    flows.loras.set_trigger(studio.services, name, "inkstyle")

    app = studio.page("loras", language="zh")

    assert not app.exception
    shown = texts(app)
    assert "ink" in shown and f"rank {RANK}" in shown and "inkstyle" in shown and "来自文件" in shown
    app.button(key="open-lora-ink").click().run()
    assert app.text_input(key="lora-trigger-ink").value == "inkstyle"


def test_an_alpha_that_no_file_tells_is_asked_for_with_what_it_does(studio: Studio, files: Path):
    app = taken_in(studio, files / "challenge.ckpt")

    assert studio.services.lora_library.entries() == ()
    assert "alpha / rank" in app.info[0].value
    app.radio(key="lora-alpha-choice").set_value("rank").run()
    app.button(key="lora-take-in").click().run()

    assert not app.exception
    (entry,) = studio.services.lora_library.entries()
    assert (entry.report.alpha, entry.report.ranks) == (RANK, (RANK,))


def test_another_alpha_can_be_given_as_a_number(studio: Studio, files: Path):
    app = taken_in(studio, files / "challenge.ckpt")

    app.radio(key="lora-alpha-choice").set_value("other").run()
    app.number_input(key="lora-alpha-number").set_value(2.0).run()
    app.button(key="lora-take-in").click().run()

    (entry,) = studio.services.lora_library.entries()
    assert entry.report.alpha == 2.0


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("malicious.ckpt", "more than plain tensors"),
        ("half-a-file.safetensors", "ends too early"),
        ("other-base.safetensors", "made for another model"),
        ("huge.safetensors", str(LARGEST_FILE_BYTES // 2**20)),
        ("nothing.safetensors", "no file that can be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_reason(studio: Studio, files: Path, file: str, told: str):
    app = taken_in(studio, files / file)

    assert not app.exception
    assert told in app.error[0].value.replace("\\", "")
    assert studio.services.lora_library.entries() == ()
    assert not (files / "pwned").exists()
    app.text_input(key="lora-path-0").set_value("").run()
    assert not app.error


def test_a_lora_with_half_of_its_layers_comes_in_and_the_doctor_says_so(studio: Studio, files: Path):
    app = taken_in(studio, files / "partial.safetensors")

    assert not app.error
    (entry,) = studio.services.lora_library.entries()
    assert entry.report.matched < entry.report.expected
    app.segmented_control(key=f"lora-view-{entry.name}").set_value("doctor").run()
    assert f"{entry.report.matched} of the {entry.report.expected} layers" in texts(app)


def test_the_same_name_twice_gives_two_entries(studio: Studio, files: Path):
    first, second = brought(studio, files / "ink.safetensors"), brought(studio, files / "ink.safetensors")

    app = opened(studio, second)
    app.text_input(key=f"lora-rename-{second}").set_value(first).run()
    app.button(key="lora-rename-do").click().run()

    assert first != second
    assert "already has a LoRA called" in texts(app)
    assert {entry.name for entry in studio.services.lora_library.entries()} == {first, second}


def test_the_doctor_shows_findings_in_words_and_what_each_block_gets(studio: Studio, files: Path):
    name = brought(studio, files / "ink.safetensors")

    app = opened(studio, name, "doctor")

    assert not app.exception
    report = flows.loras.inspect(studio.services, name)
    bars = [bar.proto.text for bar in app.get("progress")]
    assert len(bars) == len(report.blocks)
    assert "It fits Preview model" in texts(app)


def test_a_checkpoint_is_repaired_with_before_and_after_and_taken_back(studio: Studio, files: Path):
    name = brought(studio, files / "challenge.ckpt", alpha=2.0)
    loose = studio.services.config.workspace / "loras" / "old.ckpt"
    loose.write_bytes((files / "challenge.ckpt").read_bytes())
    app = opened(studio, "old", "doctor")

    app.number_input(key="lora-repair-alpha-alpha-old").set_value(2.0).run()
    app.button(key="lora-repair-alpha").click().run()

    assert not app.exception
    report = flows.loras.inspect(studio.services, "old")
    assert (report.alpha, report.alpha_source) == (2.0, "tensors")
    assert "Done: Write the alpha" in texts(app)
    assert len(app.table) == 1
    app.button(key="lora-undo-repair").click().run()
    assert flows.loras.inspect(studio.services, "old").alpha is None
    assert flows.loras.inspect(studio.services, name).alpha == 2.0


def test_each_dialect_is_written_and_read_back(studio: Studio, files: Path):
    name = brought(studio, files / "ink.safetensors")
    app = opened(studio, name, "export")

    for dialect in ("kohya", "diffusers", "challenge"):
        app.button(key=f"lora-write-{dialect}").click().run()
        assert not app.exception
        path = app.session_state[f"lora-written-{dialect}"][1]
        assert read_lora(path).layers.keys() == read_lora(files / "ink.safetensors").layers.keys()
    assert len(app.get("download_button")) == 4  # the challenge's layout has a .json beside it
    beside = app.session_state["lora-written-challenge"][1].with_suffix(".json")
    assert json.loads(beside.read_text(encoding="utf-8"))["alpha"] == 2.0


def test_words_and_strength_are_kept_and_a_story_uses_it_with_both(studio: Studio, files: Path):
    name = brought(studio, files / "ink.safetensors")
    app = opened(studio, name)

    app.text_input(key=f"lora-title-{name}").set_value("Ink wash").run()
    app.text_input(key=f"lora-trigger-{name}").set_value("inkstyle").run()
    app.slider(key=f"lora-strength-{name}").set_value(0.8).run()
    app.selectbox(key="lora-story").set_value(STORY).run()
    app.button(key="lora-use").click().run()

    assert not app.exception
    story = studio.services.stories.load(STORY)
    assert story.loras == (LoraUse(name=name, strength=0.8),)
    assert story.style.startswith("inkstyle")
    assert app.button(key="lora-use").disabled
    app.button(key="undo-0").click().run()
    assert studio.services.stories.load(STORY).loras == ()
    assert not studio.services.stories.load(STORY).style.startswith("inkstyle")


def test_a_new_name_reaches_the_stories_that_wear_it(studio: Studio, files: Path):
    name = brought(studio, files / "ink.safetensors")
    app = opened(studio, name)
    app.selectbox(key="lora-story").set_value(STORY).run()
    app.button(key="lora-use").click().run()

    app.text_input(key=f"lora-rename-{name}").set_value("wash").run()
    app.button(key="lora-rename-do").click().run()

    assert not app.exception
    assert app.query_params["lora"] == "wash"
    assert studio.services.stories.load(STORY).loras == (LoraUse(name="wash"),)


def test_a_removed_lora_comes_back_with_undo(studio: Studio, files: Path):
    name = brought(studio, files / "ink.safetensors")
    app = opened(studio, name)

    app.button(key="lora-delete-do").click().run()
    assert studio.services.lora_library.entries() == ()
    app.button(key="undo-0").click().run()

    assert not app.exception
    assert [entry.name for entry in studio.services.lora_library.entries()] == [name]


def test_a_lora_that_another_tab_removed_is_named(studio: Studio, files: Path):
    brought(studio, files / "ink.safetensors")

    app = opened(studio, "gone")

    assert not app.exception
    assert "gone" in app.warning[0].value
    assert app.button(key="open-lora-ink")


def test_a_loose_file_that_is_no_lora_can_be_looked_at_and_removed(studio: Studio):
    folder = studio.services.config.workspace / "loras"
    folder.mkdir()
    (folder / "broken.safetensors").write_bytes(io.BytesIO(b"not a lora at all").getvalue())
    app = opened(studio, "broken")

    assert not app.exception
    assert "broken.safetensors" in texts(app)
    app.button(key="lora-delete-do").click().run()
    assert studio.services.lora_library.entries() == ()


def test_what_is_known_of_its_training_is_shown(studio: Studio, files: Path):
    name = brought(studio, files / "ink.safetensors")
    source = Provenance(run="ink-run", step=500, dataset="drawings")
    studio.services.lora_library.change(name, provenance=source, source="training")

    app = opened(studio, name)

    assert not app.exception
    assert "trained here" in texts(app)
    assert "ink-run" in texts(app) and "500" in texts(app)
