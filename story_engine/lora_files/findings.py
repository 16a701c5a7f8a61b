"""What the figures of a LoRA file mean for the person who wants to use it, as message codes with values. No torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from story_engine.domain.finding import Finding
from story_engine.domain.lora import LayerReport, LoraReport

_LOUD_SHARE = 0.5
"""One layer that holds more than this share of the whole effect (squared) is an accident of training."""
_FEW_LAYERS = 8
"""Under it a share says nothing."""


def all_findings(report: LoraReport, *, faults: tuple[str, ...] = ()) -> tuple[Finding, ...]:
    """Everything there is to say, the worst first.

    Args:
        report: complete but for its findings.
        faults: what is wrong with single tensors.
    """
    if not report.layers:
        found = [*_other_methods(report), _bad("models.lora_no_layers", file=report.file)]
    else:
        found = [
            *_kind(report),
            *_other_methods(report),
            *_layers(report, faults),
            *_rank_and_alpha(report),
            *_base(report),
            *_foreign(report),
            *_meaning(report),
        ]
    order = ("bad", "warning", "ok")
    return tuple(sorted(found, key=lambda finding: order.index(finding.state)))


def _kind(report: LoraReport) -> Iterator[Finding]:
    values = {
        "format": report.format,
        "dialects": ", ".join(report.dialects),
        "size": round(report.size_bytes / 2**20, 1),
        "dtypes": ", ".join(report.dtypes),
    }
    if report.format == "checkpoint":
        yield _warning("loras.doctor_checkpoint", "convert", **values)
    else:
        yield _ok("loras.doctor_kind", **values)
    if {"kohya_sgm", "comfy"} & set(report.dialects):
        yield _warning("loras.doctor_sgm_names", "convert")


def _other_methods(report: LoraReport) -> Iterator[Finding]:
    if report.other_methods:
        yield _bad("loras.doctor_other_method", methods=", ".join(report.other_methods), count=report.unplaced)
    if report.decomposed:
        yield _ok("loras.doctor_decomposed", count=report.decomposed, total=len(report.layers))


def _layers(report: LoraReport, faults: tuple[str, ...]) -> Iterator[Finding]:
    states = Counter(layer.state for layer in report.layers)
    total = len(report.layers)
    if faults:
        yield _bad("loras.doctor_misshapen", "drop_broken", count=len(faults), example=faults[0])
    elif states["misshapen"]:
        yield _bad("loras.doctor_misshapen", "drop_broken", **_counted(report, "misshapen"))
    if states["not_finite"]:
        yield _bad("loras.doctor_not_finite", "drop_broken", total=total, **_counted(report, "not_finite"))
    if states["half"]:
        yield _bad("loras.doctor_half", "drop_broken", total=total, **_counted(report, "half"))
    if states["zero"] == total:
        yield _bad("loras.doctor_all_zero", total=total)
    elif states["zero"]:
        yield _warning("loras.doctor_zero", "drop_broken", total=total, **_counted(report, "zero"))
    yield from _loud(report)


def _loud(report: LoraReport) -> Iterator[Finding]:
    sound = [layer for layer in report.layers if layer.norm]
    whole = sum((layer.norm or 0.0) ** 2 for layer in sound)
    if len(sound) < _FEW_LAYERS or not whole:
        return
    loudest: LayerReport = max(sound, key=lambda layer: layer.norm or 0.0)
    share = (loudest.norm or 0.0) ** 2 / whole
    if share > _LOUD_SHARE:
        yield _warning("loras.doctor_loud", layer=loudest.module, percent=round(100 * share))


def _rank_and_alpha(report: LoraReport) -> Iterator[Finding]:
    if not report.ranks:
        return
    ranks = ", ".join(map(str, report.ranks))
    alphas = sorted({layer.alpha for layer in report.layers if layer.alpha is not None})
    listed = ", ".join(f"{each:g}" for each in alphas[:6])
    if report.alpha_source and not alphas:
        yield _bad("loras.doctor_bad_alpha", "alpha")
    elif not report.alpha_source or any(layer.alpha is None for layer in report.layers if layer.rank is not None):
        yield _bad("loras.doctor_alpha_unknown", "alpha", rank=ranks)
    elif report.alpha_source == "convention":
        yield _warning("loras.doctor_alpha_assumed", "alpha", rank=ranks)
    elif report.alpha_source == "beside":
        yield _warning("loras.doctor_alpha_beside", "convert" if len(alphas) > 1 else "alpha", alpha=listed)
    elif len(report.ranks) > 1 or len(alphas) > 1:
        yield _ok("loras.doctor_ranks", ranks=ranks, alphas=listed)
    else:
        scale = round(alphas[0] / report.ranks[0], 4)
        yield _ok("loras.doctor_rank", rank=ranks, alpha=listed, scale=f"{scale:g}")


def _base(report: LoraReport) -> Iterator[Finding]:
    if not report.families:
        layer = next((each for each in report.layers if each.inputs and each.outputs), None)
        shape = f"{layer.outputs} × {layer.inputs}" if layer else "–"
        yield _bad("loras.doctor_other_base", recorded=report.base_stated or "–", shape=shape)
        return
    family = report.families[0]
    values: dict[str, Any] = {"family": family, "matched": report.matched, "expected": report.expected}
    misfits = len(report.layers) - report.matched
    if misfits:
        yield _bad("loras.doctor_part_fits", **values, misfits=misfits)
    elif report.matched < report.expected:
        yield _warning("loras.doctor_partial", **values)
    else:
        yield _ok("loras.doctor_base", **values)
    stated = report.base_stated.lower()
    if family == "kolors" and ("sdxl" in stated or "stable-diffusion" in stated):
        yield _warning("loras.doctor_recorded_other_base", recorded=report.base_stated)


def _foreign(report: LoraReport) -> Iterator[Finding]:
    if report.unplaced:
        example = report.foreign_names[0]
        yield _bad("loras.doctor_foreign", "drop_foreign", count=report.unplaced, example=example)
    if report.of_text_encoder:
        count, example = report.of_text_encoder, report.foreign_names[-1]
        yield _warning("loras.doctor_text_encoder", "drop_foreign", count=count, example=example)
    if report.left_out:
        yield _warning("loras.doctor_left_out", count=report.left_out)


def _meaning(report: LoraReport) -> Iterator[Finding]:
    yield _ok("loras.doctor_trained", targets=", ".join(report.targets), layers=len(report.layers))
    if report.facts.trigger:
        yield _ok("loras.doctor_trigger", trigger=report.facts.trigger)
    else:
        yield _ok("loras.doctor_no_trigger")
    source = report.facts.provenance
    if source.run:
        yield _ok(
            "loras.doctor_provenance",
            run=source.run,
            step=source.step if source.step is not None else "–",
            dataset=source.dataset or "–",
            dataset_hash=source.dataset_hash[:12] or "–",
        )


def _counted(report: LoraReport, state: str) -> dict[str, object]:
    members = [layer.module for layer in report.layers if layer.state == state]
    return {"count": len(members), "example": members[0]}


def _ok(code: str, **values: object) -> Finding:
    return Finding(code=code, state="ok", values=values)


def _warning(code: str, repair: str = "", **values: object) -> Finding:
    return Finding(code=code, state="warning", values=values, repair=repair)


def _bad(code: str, repair: str = "", **values: object) -> Finding:
    return Finding(code=code, state="bad", values=values, repair=repair)
