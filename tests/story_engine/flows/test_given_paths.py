"""Paths that a person types or pastes mean the same everywhere, and none is too odd for a clear answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.errors import StudioError
from story_engine.flows.services import Services
from tests.story_engine.jobs.conftest import wait_for

ODD = ("~\x00", "~\ud800", "~nobody-at-all/x", "a\x00b", "a\ud800b", "x" * 5000)
TAKERS: dict[str, Callable[[Services, Path], object]] = {
    "a folder of models": flows.models.use_folder,
    "a folder of pictures": lambda services, path: flows.dataset_import.bring_folder(services, "ink", str(path)),
    "pictures": lambda services, path: flows.dataset_import.bring_paths(services, "ink", [path]),
    "a dataset in ModelScope's form": lambda services, path: flows.dataset_import.bring_modelscope(
        services, "ink", str(path)
    ),
    "a LoRA": flows.loras.inspect_file,
    "a bundle to replay": flows.replay.start,
    "a bundle to check": flows.finished_bundle.check,
    "a bundle to upload": lambda services, path: flows.upload.what_would_go(path),
}


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


@pytest.mark.parametrize("odd", ODD, ids=ascii)
@pytest.mark.parametrize("taker", TAKERS)
def test_an_odd_path_gets_a_message(services: Services, taker: str, odd: str) -> None:
    with pytest.raises(StudioError):
        TAKERS[taker](services, Path(odd))


def test_a_folder_of_models_may_be_pasted_in_quotes_or_as_an_address(services: Services, tmp_path: Path) -> None:
    folder = tmp_path / "my models"
    folder.mkdir()

    for pasted in (f'"{folder}"', folder.as_uri(), f" {folder}\n"):
        with pytest.raises(StudioError) as caught:
            flows.models.use_folder(services, Path(pasted))
        assert caught.value.code == "models.nothing_in_folder"


@pytest.mark.parametrize("pasted", ['"{path}"', "{address}", " {path}\n"])
def test_a_dataset_s_folder_in_modelscope_s_form_may_be_pasted_so_too(
    services: Services, tmp_path: Path, pasted: str
) -> None:
    folder = tmp_path / "my pictures"
    folder.mkdir()
    services.datasets.create("ink")

    flows.dataset_import.bring_modelscope(services, "ink", pasted.format(path=folder, address=folder.as_uri()))

    wait_for(lambda: (state := services.imports.state("ink")) and not state.is_active, what="the end of the import")
    last = services.imports.state("ink")
    # Nothing lies in the folder, or the hub's library is not here: either way the folder was looked for.
    assert last is not None and last.error_code in {"dataset.modelscope_failed", "dataset.modelscope_missing"}
