"""A picture is the same wherever in their files its weights lie."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional

from story_engine.inference.weight_files import placed, tensors_of

WEIGHTS = {
    f"{n}": torch.randn((64, 31), generator=torch.Generator().manual_seed(n), dtype=torch.float32) for n in range(4)
}
GIVEN = torch.randn((1, 31), generator=torch.Generator().manual_seed(9))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("longer", [0, 8, 16, 24, 32, 40, 48, 56])
def test_weights_compute_the_same_numbers_wherever_they_lie_in_their_file(
    tmp_path: Path, longer: int, dtype: torch.dtype
) -> None:
    path = tmp_path / "weights.safetensors"
    save_file({name: tensor.to(dtype) for name, tensor in WEIGHTS.items()}, path, metadata={"note": "-" * longer})

    read = {name: placed(tensor, "cpu", torch.float32) for name, tensor in tensors_of(path).items()}

    assert {tensor.data_ptr() % 64 for tensor in read.values()} == {0}
    for name, tensor in read.items():
        expected = functional.linear(GIVEN, WEIGHTS[name].to(dtype).float())
        assert torch.equal(functional.linear(GIVEN, tensor), expected)


def test_what_lies_well_stays_in_its_file() -> None:
    tensor = torch.zeros(16)

    assert placed(tensor).data_ptr() == tensor.data_ptr()
