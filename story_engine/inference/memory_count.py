"""How much memory a computation holds at its peak, counted tensor by tensor: on any device, the meta device too."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter


class MemoryCount(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While it is entered, `peak_bytes` follows the largest sum of tensors that live at one time and were made inside.

    What an allocator rounds up, a library's scratch space and what was made before are not in it: a lower bound.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak_bytes: int = 0
        self._now_bytes = 0
        self._known: dict[int, int] = {}

    def __torch_dispatch__(
        self,
        func: Any,
        types: tuple[type, ...],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run the operation, and count the storages that it made."""
        given = {id(storage) for storage in _storages((args, kwargs))}
        result = func(*args, **(kwargs or {}))
        for storage in _storages(result):
            if id(storage) not in given and id(storage) not in self._known:
                self._made(storage)
        return result

    def _made(self, storage: torch.UntypedStorage) -> None:
        key, size = id(storage), storage.nbytes()
        self._known[key] = size
        self._now_bytes += size
        self.peak_bytes = max(self.peak_bytes, self._now_bytes)
        weakref.finalize(storage, self._left, key)

    def _left(self, key: int) -> None:
        self._now_bytes -= self._known.pop(key, 0)


def peak_bytes(work: Callable[[], object]) -> int:
    """The peak of one call of `work`, without gradients; attention keeps no scores, as in every fused kernel."""
    count = MemoryCount()
    with torch.inference_mode(False), torch.no_grad(), _fused_attention(), count:
        work()
    return count.peak_bytes


@contextmanager
def _fused_attention() -> Iterator[None]:
    """On the meta device torch decomposes attention and would count its scores, which no GPU's kernel holds."""
    usual = torch.nn.functional.scaled_dot_product_attention

    def fused(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        if query.device.type != "meta":
            return usual(query, key, value, *args, **kwargs)
        return query.new_empty(*query.shape[:-1], value.shape[-1])

    torch.nn.functional.scaled_dot_product_attention = fused
    try:
        yield
    finally:
        torch.nn.functional.scaled_dot_product_attention = usual


def _storages(tree: object) -> Iterator[torch.UntypedStorage]:
    for leaf in tree_iter(tree):
        if isinstance(leaf, torch.Tensor):
            yield leaf.untyped_storage()
