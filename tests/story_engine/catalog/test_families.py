"""Families say what they can do, and what of them is here, without loading anything heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from story_engine.catalog.families import check_size, families, family_of
from story_engine.catalog.published import family_states, files_missing, package_state
from story_engine.errors import ChooseAnother, FixInput
from story_engine.preview_model.family import PREVIEW
from story_engine.preview_model.weights import weights_hash
from story_engine.store.layout import Layout
from tests.story_engine.inference.small_preview import small_workspace


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "workspace", tmp_path / "stories")


def test_defaults_lie_within_the_limits(layout: Layout) -> None:
    for family in families(layout).values():
        check_size(family, width=family.width, height=family.height)


@pytest.mark.parametrize(("width", "height"), [(192, 256), (832, 256), (256, 300), (0, 256), (-256, 256)])
def test_sizes_outside_the_limits_are_refused_with_the_limits(layout: Layout, width: int, height: int) -> None:
    with pytest.raises(FixInput) as caught:
        check_size(families(layout)["preview"], width=width, height=height)

    for language in ("en", "zh"):
        text = caught.value.text(language)
        assert "256" in text and "768" in text and "64" in text


def test_the_preview_hash_is_the_one_that_training_writes(tmp_path: Path) -> None:
    layout = small_workspace(tmp_path)

    assert families(layout)["preview"].weights_hash == weights_hash(layout.models / "preview")


def test_other_preview_weights_are_another_model(tmp_path: Path) -> None:
    one, other = small_workspace(tmp_path / "one", seed=1), small_workspace(tmp_path / "other", seed=2)

    assert families(one)["preview"].weights_hash != families(other)["preview"].weights_hash


def test_a_workspace_of_its_own_weights_uses_them(tmp_path: Path, layout: Layout) -> None:
    assert PREVIEW.folder(layout).parts[-2:] == ("preview_model", "weights")

    own = small_workspace(tmp_path / "own")

    assert PREVIEW.folder(own) == own.models / "preview"


def test_a_family_that_does_not_exist_is_answered_with_those_that_do(layout: Layout) -> None:
    with pytest.raises(ChooseAnother) as caught:
        family_of(layout, "sdxl")

    assert "preview, kolors" in str(caught.value)


def test_an_empty_workspace_names_every_file_of_kolors_with_its_size(layout: Layout) -> None:
    state = package_state(layout, "kolors")

    assert not state.ready
    assert {file.state for file in state.files} == {"missing"}
    assert sum(file.size_bytes for file in state.files) > 17e9
    assert "diffusion_pytorch_model.fp16.safetensors (5,159 MB)" in str(files_missing(layout, "kolors"))


def test_the_machine_shows_both_families(tmp_path: Path) -> None:
    states = {state.name: state.ready for state in family_states(small_workspace(tmp_path))}

    assert states == {"preview": True, "kolors": False}


def test_nothing_that_pages_read_imports_torch() -> None:
    program = (
        "import sys; from story_engine.catalog import families, published, scorers;"
        "print([name for name in ('torch', 'transformers', 'diffsynth', 'peft', 'modelscope') if name in sys.modules])"
    )

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
