from pathlib import Path

import pytest
import torch

from preview_training import export
from preview_training.mean_weights import mean_of
from story_engine.preview_model.architecture import SMALLEST, PreviewParts, build_preview
from story_engine.preview_model.weights import load_preview, save_preview


def _weights(folder: Path, *, seed: int, known: int = 200) -> Path:
    save_preview(build_preview(SMALLEST, known_token_ids=range(3, known), seed=seed), folder)
    return folder


def _differ(one: PreviewParts, other: PreviewParts) -> bool:
    values = other.unet.state_dict()
    return not all(torch.equal(value, values[name]) for name, value in one.unet.state_dict().items())


def test_the_mean_of_two_runs_lies_between_them_by_their_shares(tmp_path: Path) -> None:
    one, other = _weights(tmp_path / "one", seed=1), _weights(tmp_path / "other", seed=2)

    export.main(["mean", str(one), str(other), "--shares", "0.25", "0.75", "--to", str(tmp_path / "mean")])

    first, second, between = (load_preview(each) for each in (one, other, tmp_path / "mean"))
    for name in ("unet", "text_encoder", "vae_encoder", "vae_decoder"):
        values = [getattr(parts, name).state_dict() for parts in (first, second, between)]
        for key, value in values[2].items():
            if value.is_floating_point():
                wanted = 0.25 * values[0][key] + 0.75 * values[1][key]
                torch.testing.assert_close(value, wanted, rtol=2e-3, atol=1e-4)
            else:
                assert torch.equal(value, values[0][key])
    assert _differ(first, second) and _differ(first, between) and _differ(second, between)


def test_one_run_is_its_own_mean(tmp_path: Path) -> None:
    run = _weights(tmp_path / "run", seed=1)

    assert not _differ(mean_of([run, run], [0.5, 0.5]), load_preview(run))


@pytest.mark.parametrize("shares", [[1.0], [0.5, 0.6], [0.5, 0.25, 0.25]])
def test_shares_that_do_not_fit_are_refused(tmp_path: Path, shares: list[float]) -> None:
    run = _weights(tmp_path / "run", seed=1)

    with pytest.raises(ValueError, match="add up to 1"):
        mean_of([run, run], shares)


def test_weights_that_know_other_tokens_have_no_mean(tmp_path: Path) -> None:
    one, other = _weights(tmp_path / "one", seed=1), _weights(tmp_path / "other", seed=1, known=150)

    with pytest.raises(ValueError, match="different kinds"):
        mean_of([one, other], [0.5, 0.5])
