"""With which alpha each layer was trained: what tensors, metadata, a file beside it or its dialect's custom say."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from story_engine.domain.adapter_config import AdapterAlphas, alphas_in
from story_engine.errors import FixInput
from story_engine.lora_files.contents import LoraContents
from story_engine.lora_files.names import LoraKey, diffusers_name
from story_engine.store.lora_beside import alphas_beside


@dataclass(frozen=True, slots=True)
class Alphas:
    """The alpha of every layer of a file, as far as it is known."""

    values: Mapping[str, float] = field(default_factory=dict)
    """By layer."""
    source: str = ""
    """Which of "given", "tensors", "metadata", "beside", "convention" says most of them; empty when nothing does."""

    @property
    def common(self) -> float | None:
        """The one alpha of all layers; None where they differ or nothing is known."""
        found = set(self.values.values())
        return found.pop() if len(found) == 1 else None


def alphas_of(path: Path, contents: LoraContents, *, given: float | None = None) -> Alphas:
    """The alphas of all layers that have a rank.

    Args:
        path: of the file.
        contents: of it.
        given: what a person says; it stands above everything.

    Raises:
        FixInput: an alpha is no positive number.
    """
    ranks = contents.ranks
    if given is not None:
        return Alphas(dict.fromkeys(ranks, _positive(path, given)), "given")
    own = {
        module: _positive(path, float(parts["alpha"].item()))
        for module, parts in contents.parts.items()
        if module in ranks and "alpha" in parts
    }
    keys = {key.module: key for key in contents.known.values()}
    values, sources = dict(own), ["tensors"] * bool(own)
    for source, recorded in (("metadata", alphas_in_metadata(contents.metadata)), ("beside", alphas_beside(path))):
        if recorded is not None and ranks.keys() - values.keys():
            missing = ranks.keys() - values.keys()
            values |= {each: _positive(path, recorded.of(_path(keys[each]), rank=ranks[each])) for each in missing}
            sources.append(source)
    # Without an alpha, kohya's and diffusers' own readers take alpha = rank; DiffSynth's names leave it open.
    by_custom = {each for each in ranks.keys() - values.keys() if own or keys[each].dialect != "diffsynth"}
    if by_custom and (own or len(by_custom) == len(ranks)):
        values |= {each: float(ranks[each]) for each in by_custom}
        sources.append("convention")
    return Alphas(values, sources[0] if sources else "")


def alphas_in_metadata(metadata: Mapping[str, str]) -> AdapterAlphas | None:
    """Source: diffusers, `lora_adapter_metadata` ("unet.lora_alpha"); kohya-ss/sd-scripts, `ss_network_alpha`."""
    try:
        adapter = json.loads(metadata.get("lora_adapter_metadata", ""))
    except (ValueError, RecursionError):
        adapter = None
    if isinstance(adapter, dict):
        found = alphas_in({name.removeprefix("unet."): value for name, value in adapter.items()})
        if found is not None:
            return found
    for name in ("alpha", "lora_alpha", "ss_network_alpha"):
        try:
            return AdapterAlphas(alpha=float(metadata[name]))
        except (KeyError, ValueError):
            continue
    return None


def _path(key: LoraKey) -> str:
    """The layer in the words that a pattern is written in: the file's own, where they have dots."""
    return diffusers_name(key.module) if key.dialect == "kohya" else key.path


def _positive(path: Path, alpha: float) -> float:
    if not (math.isfinite(alpha) and alpha > 0):
        raise FixInput("models.lora_shapes", file=path.name, reason=f"alpha {alpha}")
    return alpha
