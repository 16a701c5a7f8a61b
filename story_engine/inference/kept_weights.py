"""Weights that are not all on the device: kept elsewhere as they are, or on it in eight bits, and brought when used.

Kept as they are, they give the very result of a network that is there as a whole. Rounded to eight bits, nearly so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import nn
from torch.nn import functional

from story_engine.inference.weight_files import placed

Kept = Callable[[str], str]
"""From a tensor's name to how it is kept: see `fill`."""
_LARGEST = torch.finfo(torch.float8_e4m3fn).max


class BroughtBlocks:
    """Blocks of a network whose weights come to the device for their pass and leave after it.

    While one block computes, the next one's weights are on their way (on a GPU). What is added to a block later, such
    as a LoRA, stays where it is put.

    Args:
        blocks: in the order in which they compute; each one's weights are kept where they are now.
        device: where they compute.
        dtype: what they compute in.
    """

    def __init__(self, blocks: Sequence[nn.Module], *, device: str, dtype: torch.dtype) -> None:
        self._device, self._dtype = torch.device(device), dtype
        self._kept = [_weights_of(block) for block in blocks]
        self._coming: dict[int, list[torch.Tensor]] = {}
        self._copying: torch.cuda.Stream | None = None
        if self._device.type == "cuda":
            self._copying = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        for place, block in enumerate(blocks):
            block.register_forward_pre_hook(self._brings(place))
            block.register_forward_hook(self._takes_away(place), always_call=True)

    def _brings(self, place: int) -> Callable[..., None]:
        def bring(*_: object) -> None:
            here = self._coming.pop(place, None) or self._on_the_way(place)
            if self._copying is not None:
                torch.cuda.current_stream(self._device).wait_stream(self._copying)
                for each in here:
                    each.record_stream(torch.cuda.current_stream(self._device))
                following = (place + 1) % len(self._kept)
                self._coming.setdefault(following, self._on_the_way(following))
            for kept, weight in zip(self._kept[place], here, strict=True):
                _put(kept[0], kept[1], weight)

        return bring

    def _takes_away(self, place: int) -> Callable[..., None]:
        def take_away(*_: object) -> None:
            for module, name, kept in self._kept[place]:
                _put(module, name, kept)

        return take_away

    def _on_the_way(self, place: int) -> list[torch.Tensor]:
        with torch.cuda.stream(self._copying):  # without a GPU this does nothing
            return [
                placed(tensor, self._device, self._dtype, non_blocking=self._copying is not None)
                for _, _, tensor in self._kept[place]
            ]


class RoundedLinear(nn.Linear):
    """A linear layer whose weight is kept in eight bits (e4m3), with a scale for each output; `weight` is computed.

    The scale brings each row's largest number to the largest that eight bits hold; small ones keep their digits so.
    """

    kept: torch.Tensor
    scale: torch.Tensor

    def __init__(self, in_features: int, out_features: int) -> None:
        nn.Module.__init__(self)  # the linear layer's own would make the weight that is not to be there
        self.in_features, self.out_features = in_features, out_features
        self.register_buffer("kept", None)
        self.register_buffer("scale", None)
        self.register_parameter("bias", None)

    @property
    def weight(self) -> torch.Tensor:  # type: ignore[override]
        """(outputs, inputs) in the scale's precision."""
        return self.kept.to(self.scale.dtype) * self.scale

    @classmethod
    def of(cls, weight: torch.Tensor, *, device: str, dtype: torch.dtype) -> RoundedLinear:
        """A layer with this weight, rounded on the device; the bias is put in by whoever has it."""
        layer = cls(weight.shape[1], weight.shape[0])
        exact = weight.to(device, torch.float32)
        scale = exact.abs().amax(dim=1, keepdim=True).clamp(min=1e-12) / _LARGEST
        layer.kept = (exact / scale).to(torch.float8_e4m3fn)
        layer.scale = scale.to(dtype)
        return layer

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """As a linear layer."""
        return functional.linear(input, self.weight, self.bias)


def on_device(name: str) -> str:
    """Everything as it computes."""
    del name
    return "device"


def fill(
    network: nn.Module,
    tensors: Mapping[str, torch.Tensor],
    *,
    device: str,
    dtype: torch.dtype,
    kept: Kept = on_device,
) -> None:
    """Give a network on the meta device its weights one by one: there is never more than one of them twice.

    Args:
        network: its classes and sizes fit `tensors`.
        tensors: by the network's names, as they are on disk.
        device: where it computes.
        dtype: what it computes in.
        kept: how a tensor of that name is kept: "device"; "rounded", on the device in eight bits if it is a linear
            layer's weight; "mapped", as it is in its file; or "pinned", in main memory for fast copies, in `dtype`.

    Raises:
        ValueError: a name is missing or too many, or a shape is another one.
    """
    wanted = dict(network.named_parameters()) | dict(network.named_buffers())
    _check(wanted, tensors)
    for name, place in wanted.items():
        tensor = tensors[name]
        if tensor.shape != place.shape:
            raise ValueError(f"{name} is {tuple(tensor.shape)} instead of {tuple(place.shape)}")
        module, _, last = name.rpartition(".")
        owner = network.get_submodule(module)
        how = kept(name)
        if how == "rounded" and last == "weight" and type(owner) is nn.Linear:
            rounded = RoundedLinear.of(tensor, device=device, dtype=dtype)
            rounded.bias = owner.bias
            network.set_submodule(module, rounded)
        elif last in owner._buffers:
            owner._buffers[last] = placed(tensor, device, dtype)
        else:
            _put(owner, last, _as_kept(tensor, how, device=device, dtype=dtype))


def _as_kept(tensor: torch.Tensor, how: str, *, device: str, dtype: torch.dtype) -> torch.Tensor:
    if how == "mapped":
        return tensor
    if how == "pinned":
        return tensor.to(dtype).pin_memory() if torch.cuda.is_available() else placed(tensor, "cpu", dtype)
    return placed(tensor, device, dtype)


def _check(wanted: Iterable[str], tensors: Iterable[str]) -> None:
    missing, many = sorted(set(wanted) - set(tensors)), sorted(set(tensors) - set(wanted))
    if missing:
        raise ValueError(f"{len(missing)} tensors are missing, such as {missing[0]}")
    if many:
        raise ValueError(f"{len(many)} tensors have no place, such as {many[0]}")


def _weights_of(block: nn.Module) -> list[tuple[nn.Module, str, torch.Tensor]]:
    return [
        (module, name, parameter.data)
        for module in block.modules()
        for name, parameter in module.named_parameters(recurse=False)
    ]


def _put(module: nn.Module, name: str, tensor: torch.Tensor) -> None:
    module._parameters[name] = nn.Parameter(tensor, requires_grad=False)
