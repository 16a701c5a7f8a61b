"""The LoRA doctor: what a file holds, layer by layer, and what is wrong with it. Reports where reading would refuse."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch

from story_engine.domain.lora import BlockReport, LayerReport, LoraFinding, LoraReport
from story_engine.errors import FixInput, StudioError
from story_engine.formats.lora_metadata import base_of, facts_of
from story_engine.lora_files.alpha import told_alpha
from story_engine.lora_files.dialects import dialects_of
from story_engine.lora_files.findings import all_findings
from story_engine.lora_files.names import LoraKey, diffusers_name, parse_key
from story_engine.lora_files.shapes import Shape, fitting, of_targets, target
from story_engine.lora_files.tensors import is_checkpoint, read_tensors, tensor_fault

Bases = Mapping[str, Mapping[str, Shape]]
"""As `lora_shapes.base_shapes`."""
_SHOWN_NAMES = 20
_SHOWN_METADATA, _SHOWN_VALUE = 200, 2_000
"""Entries; characters of one."""


@dataclass(slots=True)
class OpenedLora:
    """The tensors of a file, sorted by what they belong to."""

    tensors: dict[str, torch.Tensor]
    metadata: Mapping[str, str]
    known: dict[str, LoraKey]
    faults: dict[str, str]
    """Tensor → why it can be no part of a layer."""
    parts: dict[str, dict[str, torch.Tensor]] = field(default_factory=dict)
    """Layer → "down", "up", "alpha" → tensor; those with faults are left out."""
    names: dict[str, list[str]] = field(default_factory=dict)
    """Layer → the names of its tensors."""

    @property
    def foreign(self) -> list[str]:
        """Names of tensors that belong to no layer."""
        return [name for name in self.tensors if name not in self.known]


def examine(path: Path, *, bases: Bases, alpha: float | None = None) -> LoraReport:
    """Look at everything in the file.

    Args:
        path: of the file.
        bases: what it may fit.
        alpha: what a person says that it was trained with.
    """
    size = path.stat().st_size
    kind = ("checkpoint" if is_checkpoint(path) else "safetensors") if size else "unknown"
    try:
        opened = open_lora(path)
    except StudioError as error:
        unreadable = LoraFinding(code=error.code, state="bad", values=error.values)
        return LoraReport(file=path.name, size_bytes=size, format="unknown", findings=(unreadable,))
    report = LoraReport(
        file=path.name,
        size_bytes=size,
        format=kind,
        dialects=dialects_of(opened.known),
        tensors=sum(1 for name in opened.tensors if not name.endswith(".alpha")),
        foreign=len(opened.foreign),
        foreign_names=tuple(name[:120] for name in opened.foreign[:_SHOWN_NAMES]),
        facts=facts_of(opened.metadata),
        base_told=base_of(opened.metadata),
        metadata={key[:100]: value[:_SHOWN_VALUE] for key, value in sorted(opened.metadata.items())[:_SHOWN_METADATA]},
    )
    report = _with_alpha(path, opened, report, alpha)
    layers = tuple(_layer(module, opened, report) for module in sorted(opened.names, key=_passing_order))
    report = report.model_copy(update={"layers": layers, "blocks": _blocks(layers)} | _fit(layers, bases))
    return report.model_copy(update={"findings": all_findings(report, faults=tuple(opened.faults.values()))})


def open_lora(path: Path) -> OpenedLora:
    """The tensors of a file, sorted; tensors that claim more than is stored are set apart.

    Raises:
        FixInput: the file is damaged, too large, or holds anything but tensors.
    """
    tensors, metadata = read_tensors(path)
    known = {name: key for name in tensors if (key := parse_key(name)) is not None}
    faults = {name: fault for name, key in known.items() if (fault := tensor_fault(name, tensors[name], key))}
    opened = OpenedLora(tensors, metadata, known, faults)
    for name, key in known.items():
        opened.names.setdefault(key.module, []).append(name)
        if name not in faults:
            opened.parts.setdefault(key.module, {})[key.part] = tensors[name]
    return opened


def layer_state(parts: Mapping[str, torch.Tensor]) -> str:
    """What a layer is worth: see `LayerReport.state`."""
    if not {"down", "up"} <= parts.keys():
        return "half"
    if parts["down"].shape[0] != parts["up"].shape[1]:
        return "misshapen"
    if not all(bool(parts[half].isfinite().all()) for half in ("down", "up")):
        return "not_finite"
    return "ok" if all(bool(parts[half].any()) for half in ("down", "up")) else "zero"


def _with_alpha(path: Path, opened: OpenedLora, report: LoraReport, given: float | None) -> LoraReport:
    """The report with ranks, types and the alpha, if one stands for all layers."""
    downs = [parts["down"] for parts in opened.parts.values() if "down" in parts]
    ranks = tuple(sorted({down.shape[0] for down in downs}))
    dtypes = tuple(sorted({str(down.dtype).removeprefix("torch.") for down in downs}))
    sound = {name: key for name, key in opened.known.items() if name not in opened.faults}
    alpha, told_by = None, ""
    if len(ranks) == 1:
        try:
            alpha, told_by = told_alpha(
                path, opened.tensors, sound, metadata=opened.metadata, rank=ranks[0], given=given
            )
        except FixInput:
            told_by = "tensors"  # several, or none that can be used: the findings look at the layers
    return report.model_copy(update={"ranks": ranks, "dtypes": dtypes, "alpha": alpha, "alpha_told_by": told_by})


def _layer(module: str, opened: OpenedLora, report: LoraReport) -> LayerReport:
    parts = opened.parts.get(module, {})
    is_faulty = any(name in opened.faults for name in opened.names[module])
    state = "misshapen" if is_faulty else layer_state(parts)
    down, up = parts.get("down"), parts.get("up")
    alpha = float(parts["alpha"].item()) if "alpha" in parts else report.alpha
    rank = down.shape[0] if down is not None else None
    norm = None
    if state in ("ok", "zero") and down is not None and up is not None and rank:
        scale = 1.0 if alpha is None else alpha / rank
        norm = abs(scale) * _product_norm(down, up)
        norm = norm if math.isfinite(norm) else None
    return LayerReport(
        module=module,
        block=_block(module),
        state=state,
        rank=rank,
        alpha=alpha if alpha is not None and math.isfinite(alpha) else None,
        inputs=down.shape[1] if down is not None else None,
        outputs=up.shape[0] if up is not None else None,
        norm=norm,
    )


def _product_norm(down: torch.Tensor, up: torch.Tensor) -> float:
    """‖up @ down‖ without the product, which would be a thousand times larger: √tr(upᵀup · down·downᵀ)."""
    inner, outer = down.double(), up.double()
    squared = float(((outer.T @ outer) * (inner @ inner.T)).sum())
    return math.sqrt(max(squared, 0.0))


def _blocks(layers: tuple[LayerReport, ...]) -> tuple[BlockReport, ...]:
    found: dict[str, list[LayerReport]] = {}
    for layer in layers:
        found.setdefault(layer.block, []).append(layer)
    return tuple(
        BlockReport(
            block=block,
            layers=len(members),
            norm=math.sqrt(sum((layer.norm or 0.0) ** 2 for layer in members)),
            broken=sum(1 for layer in members if layer.state != "ok"),
        )
        for block, members in found.items()
    )


def _fit(layers: tuple[LayerReport, ...], bases: Bases) -> dict[str, object]:
    shapes = {
        layer.module: (layer.outputs, layer.inputs)
        for layer in layers
        if layer.outputs is not None and layer.inputs is not None
    }
    fits = {family: fitting(shapes, base) for family, base in bases.items()}
    families = tuple(sorted((family for family, count in fits.items() if count), key=lambda family: -fits[family]))
    targets = tuple(sorted({target(layer.module) for layer in layers}))
    best = families[0] if families else None
    return {
        "families": families,
        "targets": targets,
        "matched": fits[best] if best else 0,
        "expected": of_targets(bases[best], targets) if best else 0,
    }


def _block(module: str) -> str:
    """The first four parts at most: `up_blocks.0.attentions.2`, `mid_block.attentions.0`."""
    name = diffusers_name(module)
    return name[: name.index(".", name.index("attentions.") + len("attentions."))]


def _passing_order(module: str) -> tuple[int, str]:
    return int(module.split(".")[1]), module
