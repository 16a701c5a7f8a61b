"""Faster forward passes for training on a CPU: the same networks and values, other kernels.

With bfloat16 convolutions, PyTorch's GroupNorm and attention kernels for the CPU take most of a training step. Here the
norm and its activation run in one small compiled kernel, and attention runs as plain matrix products. Without a C++
compiler, or with one that fails, everything still works, at about half the speed.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import MethodType
from typing import Any

import torch
from diffsynth.models.attention import Attention
from diffsynth.models.kolors_text_encoder import CoreAttention
from diffsynth.models.sd_unet import AttentionBlock, ResnetBlock
from diffsynth.models.sd_vae_decoder import VAEAttentionBlock
from torch import nn

_LOG = logging.getLogger(__name__)
_SOURCE = Path(__file__).with_name("fused_norm.cpp")
_FLAGS = ("-O3", "-march=native", "-ffast-math", "-mprefer-vector-width=512", "-shared", "-fPIC", "-std=c++17")
_COMPILE_SECONDS = 300.0


def accelerate(network: nn.Module) -> None:
    """Change the forward passes of a network for bfloat16 training; parameters and their names stay as they are.

    The network must not be used for anything but training afterwards: the new passes know no tiling and no adapters.
    """
    network.to(memory_format=torch.channels_last)
    for module in network.modules():
        if isinstance(module, ResnetBlock):
            module.forward = MethodType(_resnet_forward, module)
        elif isinstance(module, AttentionBlock | VAEAttentionBlock):
            module.forward = MethodType(_attention_block_forward, module)
        elif isinstance(module, Attention):
            module.forward = MethodType(_attention_forward, module)
        elif isinstance(module, CoreAttention):
            module.forward = MethodType(_text_attention_forward, module)
    last_norm = getattr(network, "conv_norm_out", None)
    if last_norm is not None:
        last_norm.forward = MethodType(_norm_with_activation, last_norm)
        network.conv_act = nn.Identity()


def norm(hidden: torch.Tensor, layer: nn.GroupNorm, *, activate: bool) -> torch.Tensor:
    """GroupNorm, then SiLU if `activate`.

    Args:
        hidden: (batch, channels, height, width), bfloat16 for the fast path.
        layer: groups, epsilon, weight and bias.
        activate: whether SiLU follows.

    Returns:
        The same shape and dtype, channels last.
    """
    if hidden.dtype == torch.bfloat16 and _kernel() is not None:
        result: torch.Tensor = _FusedNorm.apply(hidden, layer.weight, layer.bias, layer.num_groups, layer.eps, activate)
        return result
    normal = nn.functional.group_norm(hidden, layer.num_groups, layer.weight, layer.bias, layer.eps)
    return nn.functional.silu(normal) if activate else normal


class _FusedNorm(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor,
        groups: int,
        epsilon: float,
        activate: bool,
    ) -> torch.Tensor:
        hidden = hidden.contiguous(memory_format=torch.channels_last)
        batch, channels, height, width = hidden.shape
        output = torch.empty_like(hidden)
        means, scales = (torch.empty(batch, groups) for _ in range(2))
        kernel = _kernel()
        assert kernel is not None
        kernel.norm_forward(
            *_pointers(hidden, weight, bias, output, means, scales),
            *map(ctypes.c_int64, (batch, height * width, channels, groups)),
            ctypes.c_double(epsilon),
            ctypes.c_int64(activate),
        )
        ctx.save_for_backward(hidden, weight, bias, means, scales)
        ctx.activate = activate
        return output

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        hidden, weight, bias, means, scales = ctx.saved_tensors
        gradient = gradient.to(torch.bfloat16).contiguous(memory_format=torch.channels_last)
        batch, channels, height, width = hidden.shape
        result = torch.empty_like(hidden)
        weight_gradient, bias_gradient = torch.zeros_like(weight), torch.zeros_like(bias)
        kernel = _kernel()
        assert kernel is not None
        kernel.norm_backward(
            *_pointers(gradient, hidden, weight, bias, means, scales, result, weight_gradient, bias_gradient),
            *map(ctypes.c_int64, (batch, height * width, channels, means.shape[1], ctx.activate)),
        )
        return result, weight_gradient, bias_gradient, None, None, None


def _norm_with_activation(self: nn.GroupNorm, hidden: torch.Tensor) -> torch.Tensor:
    return norm(hidden, self, activate=True)


def _resnet_forward(
    self: Any, hidden_states: torch.Tensor, time_emb: Any, text_emb: Any, res_stack: Any, **_: Any
) -> tuple[Any, ...]:
    hidden = self.conv1(norm(hidden_states, self.norm1, activate=True))
    if time_emb is not None:
        hidden = hidden + self.time_emb_proj(nn.functional.silu(time_emb))[:, :, None, None]
    hidden = self.conv2(norm(hidden, self.norm2, activate=True))
    if self.conv_shortcut is not None:
        hidden_states = self.conv_shortcut(hidden_states)
    return hidden_states + hidden, time_emb, text_emb, res_stack


def _attention_block_forward(
    self: Any, hidden_states: torch.Tensor, time_emb: Any, text_emb: Any, res_stack: Any, **_: Any
) -> tuple[Any, ...]:
    batch, channels, height, width = hidden_states.shape
    tokens = norm(hidden_states, self.norm, activate=False).permute(0, 2, 3, 1).reshape(batch, height * width, channels)
    if isinstance(self, VAEAttentionBlock):
        for block in self.transformer_blocks:
            tokens = block(tokens)
    else:
        tokens = self.proj_in(tokens)
        for block in self.transformer_blocks:
            tokens = block(tokens, encoder_hidden_states=text_emb)
        tokens = self.proj_out(tokens)
    # Unlike the original, the result stays channels-last: a permuted view costs nothing.
    result = tokens.reshape(batch, height, width, channels).permute(0, 3, 1, 2)
    return result + hidden_states, time_emb, text_emb, res_stack


def _attention_forward(
    self: Any, hidden_states: torch.Tensor, encoder_hidden_states: torch.Tensor | None = None, **_: Any
) -> torch.Tensor:
    context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
    batch, count, _width = hidden_states.shape

    def heads(values: torch.Tensor) -> torch.Tensor:
        return values.view(batch, -1, self.num_heads, self.head_dim).transpose(1, 2)

    attended = _attend(heads(self.to_q(hidden_states)), heads(self.to_k(context)), heads(self.to_v(context)))
    result: torch.Tensor = self.to_out(attended.transpose(1, 2).reshape(batch, count, self.num_heads * self.head_dim))
    return result


def _text_attention_forward(
    self: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    # (tokens, batch, heads, width) each; the mask, (batch, 1, tokens, tokens), is true where nothing may be seen.
    attended = _attend(*(values.permute(1, 2, 0, 3) for values in (query, key, value)), hidden=attention_mask)
    return attended.permute(2, 0, 1, 3).reshape(*query.shape[:2], self.hidden_size_per_partition)


def _attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *, hidden: torch.Tensor | None = None
) -> torch.Tensor:
    """Attention over (batch, heads, tokens, width); `hidden` is true where a query may not see a key."""
    weights = torch.matmul(query * query.shape[-1] ** -0.5, key.transpose(2, 3))
    if hidden is not None:
        weights = weights.masked_fill(hidden, -torch.inf)
    # Under autocast, softmax would be computed and stored as float32; its sum is float32 inside either way.
    with torch.autocast("cpu", enabled=False):
        weights = torch.softmax(weights, dim=-1)
    return torch.matmul(weights, value)


def _pointers(*tensors: torch.Tensor) -> list[ctypes.c_void_p]:
    return [ctypes.c_void_p(tensor.data_ptr()) for tensor in tensors]


@cache
def _kernel() -> ctypes.CDLL | None:
    """The compiled norm; None, with a notice in the log, where it cannot be had: the same values come more slowly."""
    command = shlex.split(os.environ.get("CXX", "")) or ["g++"]
    compiler = shutil.which(command[0])
    if compiler is None:
        _notice(f"there is no {command[0]}")
        return None
    command[0] = compiler
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "story_studio"
    reasons = []
    for place in (folder, Path(tempfile.gettempdir()) / f"story_studio-{os.getpid()}"):
        try:
            return _loaded(place / f"fused_norm_{_built_for(command)}.so", command)
        except subprocess.CalledProcessError as error:
            reasons.append(f"{command[0]} fails: {(error.stderr or error.stdout or str(error)).strip()[:300]}")
            break
        except (OSError, subprocess.TimeoutExpired) as error:  # a home that cannot be written, a file of nonsense
            reasons.append(str(error))
    _notice("; ".join(reasons))
    return None


def _notice(reason: str) -> None:
    _LOG.warning("Training runs without the compiled norm, at about half the speed: %s", reason)


def _built_for(command: Sequence[str]) -> str:
    """Names everything that the compiled file depends on: `-march=native` makes it one for this processor alone."""
    version = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False, timeout=60).stdout
    depends = (_SOURCE.read_text(), *_FLAGS, *command, version, torch.__version__, platform.machine(), _processor())
    return hashlib.sha256("\n".join(depends).encode()).hexdigest()[:16]


def _processor() -> str:
    """The processor's name and what it can do, where the system says so."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    known = (line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part")))
    return "\n".join(sorted(set(known)))


def _loaded(library: Path, command: Sequence[str]) -> ctypes.CDLL:
    if not library.exists():
        library.parent.mkdir(parents=True, exist_ok=True)
        partial = library.with_suffix(f".{os.getpid()}.partial")
        try:
            asked = [*command, *_FLAGS, str(_SOURCE), "-o", str(partial)]
            subprocess.run(asked, check=True, capture_output=True, text=True, timeout=_COMPILE_SECONDS)
            partial.replace(library)
        finally:
            partial.unlink(missing_ok=True)
    try:
        kernel = ctypes.CDLL(str(library))
        for name in ("norm_forward", "norm_backward"):
            if not hasattr(kernel, name):
                raise OSError(f"{library} has no {name}")
    except OSError:
        library.unlink(missing_ok=True)  # the next process compiles it again
        raise
    return kernel
