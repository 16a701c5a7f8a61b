"""The LoRA doctor: what a file holds, layer by layer, and what is wrong with it. Reports where reading would refuse."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from story_engine.domain.finding import Finding
from story_engine.domain.lora import BlockReport, LayerReport, LoraReport
from story_engine.errors import FixInput, StudioError
from story_engine.formats.lora_metadata import base_of, facts_of, left_out_of
from story_engine.lora_files.alpha import Alphas, alphas_of
from story_engine.lora_files.contents import LoraContents, open_lora
from story_engine.lora_files.dialects import dialects_of
from story_engine.lora_files.findings import all_findings
from story_engine.lora_files.layers import added_norm, layer_state, shape_of
from story_engine.lora_files.names import block_name
from story_engine.lora_files.shapes import NOTEBOOK_TARGETS, Shape, fitting, of_targets, target
from story_engine.lora_files.tensors import is_checkpoint

Bases = Mapping[str, Mapping[str, Shape]]
"""As `lora_shapes.base_shapes`."""
_SHOWN_NAMES = 20
_SHOWN_METADATA, _SHOWN_VALUE = 200, 2_000
"""Entries; characters of one."""


def examine(path: Path, *, bases: Bases, alpha: float | None = None) -> LoraReport:
    """Inspect everything in the file.

    Args:
        path: of the file.
        bases: what it may fit.
        alpha: what a person says that it was trained with.
    """
    size = path.stat().st_size
    try:
        contents = open_lora(path)
    except StudioError as error:
        unreadable = Finding(code=error.code, state="bad", values=error.values)
        return LoraReport(file=path.name, size_bytes=size, format="unknown", findings=(unreadable,))
    shown = (*contents.unplaced[: _SHOWN_NAMES - 1], *contents.of_text_encoder)
    report = LoraReport(
        file=path.name,
        size_bytes=size,
        format="checkpoint" if is_checkpoint(path) else "safetensors",
        dialects=dialects_of(contents.known),
        dtypes=_dtypes(contents),
        ranks=tuple(sorted(set(contents.ranks.values()))),
        tensors=sum(1 for name in contents.tensors if not name.endswith(".alpha")),
        foreign=len(contents.foreign),
        foreign_names=tuple(name[:120] for name in shown[:_SHOWN_NAMES]),
        of_text_encoder=len(contents.of_text_encoder),
        other_methods=contents.other_methods,
        left_out=left_out_of(contents.metadata),
        decomposed=sum(1 for parts in contents.parts.values() if {"magnitude", "scale"} & parts.keys()),
        facts=facts_of(contents.metadata),
        base_stated=base_of(contents.metadata),
        metadata={
            key[:100]: value[:_SHOWN_VALUE] for key, value in sorted(contents.metadata.items())[:_SHOWN_METADATA]
        },
    )
    alphas, is_bad = _alphas(path, contents, alpha)
    source = "tensors" if is_bad else alphas.source
    layers = tuple(_layer(module, contents, alphas) for module in sorted(contents.names, key=_passing_order))
    report = report.model_copy(
        update={"alpha": alphas.common, "alpha_source": source, "layers": layers, "blocks": _blocks(layers)}
        | _fit(layers, contents, bases)
        | {"ignored_by_notebook": _ignored_by_notebook(contents)}
    )
    return report.model_copy(update={"findings": all_findings(report, faults=tuple(contents.faults.values()))})


def _alphas(path: Path, contents: LoraContents, given: float | None) -> tuple[Alphas, bool]:
    """The alphas; whether one of them cannot be used."""
    try:
        return alphas_of(path, contents, given=given), False
    except FixInput:
        return Alphas(), True


def _dtypes(contents: LoraContents) -> tuple[str, ...]:
    names = {key.module: name for name, key in contents.known.items() if key.part == "down"}
    stored = {contents.stored.widened.get(name, contents.tensors[name].dtype) for name in names.values()}
    return tuple(sorted(str(dtype).removeprefix("torch.") for dtype in stored))


def _layer(module: str, contents: LoraContents, alphas: Alphas) -> LayerReport:
    parts = contents.parts.get(module, {})
    is_faulty = any(name in contents.faults for name in contents.names[module])
    state = "misshapen" if is_faulty else layer_state(parts)
    down, up = parts.get("down"), parts.get("up")
    alpha = alphas.values.get(module)
    rank = contents.ranks.get(module)
    norm = None
    if state in ("ok", "zero") and rank:
        norm = added_norm(parts, 1.0 if alpha is None else alpha / rank)
    return LayerReport(
        module=module,
        block=block_name(module),
        state=state,
        rank=rank,
        alpha=alpha if alpha is not None and math.isfinite(alpha) else None,
        inputs=down.shape[1] if down is not None else None,
        outputs=up.shape[0] if up is not None else None,
        norm=norm,
    )


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


def _fit(layers: tuple[LayerReport, ...], contents: LoraContents, bases: Bases) -> dict[str, object]:
    shapes = {
        module: shape_of(parts["down"], parts["up"], parts.get("mid"))
        for module, parts in contents.parts.items()
        if {"down", "up"} <= parts.keys()
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


def _ignored_by_notebook(contents: LoraContents) -> int:
    return sum(
        1 for key in contents.known.values() if key.part != "alpha" and target(key.module) not in NOTEBOOK_TARGETS
    )


def _passing_order(module: str) -> tuple[int, str]:
    """As the picture passes: what comes before the blocks, the blocks, what comes after them."""
    if not module.startswith("blocks."):
        return (1000 if module == "conv_out" else -1), module
    return int(module.split(".")[1]), module
