import pytest
import torch

from story_engine.errors import LookAtLog
from story_engine.inference.device_lost import device_lost
from story_engine.inference.out_of_memory import is_out_of_memory
from story_engine.jobs.kinds import HAD_A_GPU
from story_engine.jobs.work.chosen_device import chosen_device


@pytest.mark.parametrize(
    "error",
    [
        torch.AcceleratorError("CUDA error: unspecified launch failure\nCUDA kernel errors might be reported later"),
        torch.AcceleratorError("CUDA error: uncorrectable ECC error encountered"),
        torch.AcceleratorError(""),
        RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm( handle, opa)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    ],
)
def test_a_device_that_failed_is_told_in_one_line(error):
    reason = device_lost(error)

    assert reason and "\n" not in reason
    assert not is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        torch.AcceleratorError("CUDA error: out of memory\nCUDA kernel errors might be reported later"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_memory_that_ran_out_is_no_lost_device(error):
    assert device_lost(error) is None
    assert is_out_of_memory(error)


@pytest.mark.parametrize("error", [RuntimeError("shapes do not fit"), ValueError("CUDA error: no"), OSError()])
def test_other_errors_are_neither(error):
    assert device_lost(error) is None
    assert not is_out_of_memory(error)


def test_nothing_is_done_on_the_processor_in_a_lost_gpu_s_place(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert chosen_device() == "cpu"
    monkeypatch.setenv(HAD_A_GPU, "1")

    with pytest.raises(LookAtLog) as refused:
        chosen_device()

    assert refused.value.code == "jobs.device_gone"
