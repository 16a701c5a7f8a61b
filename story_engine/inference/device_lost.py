"""A GPU that stops working in the middle: how torch says so. Free of torch, for whoever has not loaded it."""

from __future__ import annotations

_BROKEN = ("CUDA error:", "cuDNN error:", "CUBLAS_STATUS_", "CUSOLVER_STATUS_", "NCCL error")
"""How torch begins, or what it mentions, where the driver or one of its libraries refuses to go on."""
_LONGEST_REASON = 200


def device_lost(error: BaseException) -> str | None:
    """The driver's own words when a device failed; None for any other error, memory that ran out among them.

    After such an error nothing works on the device in this process: `torch.AcceleratorError` (a `RuntimeError` in torch
    before 2.8) is raised by whatever comes next, however harmless.
    """
    text = str(error)
    is_named = any(each.__name__ == "AcceleratorError" for each in type(error).__mro__)
    is_told = isinstance(error, RuntimeError) and any(words in text for words in _BROKEN)
    if not (is_named or is_told) or "out of memory" in text or "ALLOC_FAILED" in text:
        return None
    return (text.strip() or type(error).__name__).splitlines()[0][:_LONGEST_REASON]
