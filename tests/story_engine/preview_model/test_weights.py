"""Weights survive the disk, and damaged files are named."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from story_engine.errors import InstallOrDownload
from story_engine.preview_model.architecture import SMALLEST, PreviewParts, build_preview
from story_engine.preview_model.weights import FILES, load_preview, save_preview, weights_hash

TOKEN_IDS = (30910, 31000, 64790, 64792)


@pytest.fixture
def parts() -> PreviewParts:
    return build_preview(SMALLEST, known_token_ids=TOKEN_IDS, seed=1)


def test_weights_come_back_as_float32_within_half_precision(parts: PreviewParts, tmp_path: Path) -> None:
    save_preview(parts, tmp_path)

    loaded = load_preview(tmp_path)

    assert loaded.config == SMALLEST
    for name in ("unet", "text_encoder", "vae_encoder", "vae_decoder"):
        for key, value in getattr(loaded, name).state_dict().items():
            expected = getattr(parts, name).state_dict()[key]
            assert value.dtype == (torch.float32 if expected.is_floating_point() else torch.int64)
            assert torch.allclose(value.double(), expected.double(), rtol=1e-3, atol=1e-6)


def test_the_token_list_travels_with_the_weights(parts: PreviewParts, tmp_path: Path) -> None:
    save_preview(parts, tmp_path)

    text_encoder = load_preview(tmp_path).text_encoder

    assert text_encoder.known_token_ids == list(TOKEN_IDS)
    assert text_encoder.embedding.row_of_token[31000] == 2


def test_the_hash_names_the_contents(parts: PreviewParts, tmp_path: Path) -> None:
    first = save_preview(parts, tmp_path / "first")
    again = save_preview(load_preview(tmp_path / "first"), tmp_path / "again")
    other = save_preview(build_preview(SMALLEST, seed=2), tmp_path / "other")

    assert first == again == weights_hash(tmp_path / "first")
    assert first != other


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(parts: PreviewParts, tmp_path: Path, name: str) -> None:
    save_preview(parts, tmp_path)
    (tmp_path / name).unlink()

    with pytest.raises(InstallOrDownload) as caught:
        load_preview(tmp_path)

    assert caught.value.code == "preview.weights_missing"
    assert name in str(caught.value)


@pytest.mark.parametrize("kept", [0, 100, 0.5])
def test_a_truncated_file_is_named(parts: PreviewParts, tmp_path: Path, kept: float) -> None:
    save_preview(parts, tmp_path)
    path = tmp_path / "vae.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[: int(kept if kept != 0.5 else len(content) / 2)])

    with pytest.raises(InstallOrDownload) as caught:
        load_preview(tmp_path)

    assert caught.value.code == "preview.weights_damaged"
    assert "vae.safetensors" in str(caught.value)


def test_weights_of_another_architecture_are_refused(parts: PreviewParts, tmp_path: Path) -> None:
    save_preview(parts, tmp_path)
    (tmp_path / "unet.safetensors").write_bytes((tmp_path / "vae.safetensors").read_bytes())

    with pytest.raises(InstallOrDownload) as caught:
        load_preview(tmp_path)

    assert caught.value.code == "preview.weights_damaged"
