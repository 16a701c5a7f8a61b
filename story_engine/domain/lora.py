"""What is known of a LoRA besides its tensors: where it comes from, and what an examination of its file found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field

from story_engine.domain.finding import Finding
from story_engine.domain.value import Value

STRONGEST = 5.0
"""The largest strength that a story accepts, in either direction."""
DIALECTS = ("kohya", "diffusers", "challenge")
"""What LoRA files are written in: ComfyUI's and A1111's form, diffusers' own, the challenge's `.ckpt`."""

REPAIRS = ("convert", "alpha", "drop_broken", "even_ranks", "drop_foreign")
"""Save as kohya safetensors; write the alpha into the file; drop layers of zeros, without numbers or without one half;
give all layers one rank and one alpha, adding the same as before; drop what belongs to no layer of the U-Net."""


class Provenance(Value):
    """Where a LoRA that was trained here comes from. Everything may be unknown."""

    run: str = ""
    """The training run."""
    step: int | None = None
    """Of the checkpoint."""
    dataset: str = ""
    dataset_hash: str = ""
    """Names the exact pictures and captions."""
    pictures: int | None = None
    base_hash: str = ""
    """The exact weights that it was trained on: a family's `weights_hash`."""
    spec: dict[str, Any] = Field(default_factory=dict)
    """Every setting of the training."""
    versions: dict[str, str] = Field(default_factory=dict)
    """Of the programs that took part."""
    trained_at: str = ""
    """ISO 8601."""


class LoraFacts(Value):
    """What a LoRA file says of itself in its metadata."""

    title: str = ""
    trigger: str = ""
    """The word in a prompt that calls what was trained; empty when there is none."""
    family: str = ""
    """The model family that it was trained on; empty when unknown."""
    width: int | None = None
    """Pixels of the training pictures."""
    height: int | None = None
    provenance: Provenance = Provenance()


class RepairStep(Value):
    """A repair that was done, and can be taken back."""

    what: str
    """One of `REPAIRS`."""
    file: str
    """The adapter file as it was before, in the entry's folder."""
    at: str
    """ISO 8601."""


class LoraRecord(Value):
    """`lora.json` of an entry of the library: what the adapter file does not say, or what a person changed since.

    What others wrote into it stays in it.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    title: str = ""
    trigger: str = ""
    strength: float = 1.0
    """Recommended; 1 is as trained."""
    source: str = "file"
    """"training" or "file"."""
    source_name: str = ""
    """The file, or the checkpoint, that it came from."""
    family: str = ""
    added_at: str = ""
    """ISO 8601."""
    provenance: Provenance = Provenance()
    repairs: tuple[RepairStep, ...] = ()
    alpha: float | None = None
    """Only for an adapter file that does not say it itself, put there by hand."""


class LoraEntry(Value):
    """One LoRA of the library, as far as it is known without opening its tensors."""

    name: str
    """What stories call it."""
    path: Path
    title: str
    trigger: str
    strength: float
    source: str
    """"training", "file", or "loose" for a file that lies in the folder without having been added."""
    source_name: str = ""
    family: str = ""
    """That it was made for; empty when nothing says so."""
    size_bytes: int
    added_at: str = ""
    provenance: Provenance = Provenance()
    repairs: tuple[RepairStep, ...] = ()
    report: LoraReport | None = None
    """The last examination of exactly this content; None before the first."""


class LayerReport(Value):
    """One layer of the U-Net that the file has something for."""

    module: str
    """As DiffSynth calls it."""
    block: str
    """As diffusers calls the attention block that it belongs to."""
    state: str
    """"ok", "zero", "not_finite", "half" (down without up, or the other way round) or "misshapen"."""
    rank: int | None = None
    alpha: float | None = None
    inputs: int | None = None
    outputs: int | None = None
    norm: float | None = None
    """Frobenius norm of what it adds to the layer's weights at strength 1."""


class BlockReport(Value):
    """What a LoRA adds to one attention block."""

    block: str
    """As diffusers calls it, in the order in which the picture passes."""
    layers: int
    norm: float
    """Frobenius norm over all of its layers at strength 1."""
    broken: int
    """Layers that are not "ok"."""


class ExportLosses(Value):
    """What of a LoRA would not act in another tool."""

    left_out: int = 0
    """Tensors that the file would not hold: those for a text encoder."""
    ignored: int = 0
    """Tensors that the challenge's notebook would ignore without a word."""
    tensors: int = 0
    """Of the LoRA."""


class LoraReport(Value):
    """What the LoRA doctor knows of a file."""

    file: str
    size_bytes: int
    format: str
    """"safetensors", "checkpoint" or "unknown"."""
    dialects: tuple[str, ...] = ()
    """Among "kohya", "kohya_sgm", "comfy", "diffusers", "peft", "challenge"."""
    dtypes: tuple[str, ...] = ()
    ranks: tuple[int, ...] = ()
    alpha: float | None = None
    """None where layers differ, or nothing says it."""
    alpha_source: str = ""
    """"tensors", "metadata", "beside", "convention", "given", or empty when nothing says it."""
    tensors: int = 0
    foreign: int = 0
    """Tensors that belong to no layer of the U-Net."""
    foreign_names: tuple[str, ...] = ()
    """A few of them, those that are not for a text encoder first."""
    of_text_encoder: int = 0
    """How many of them are for a text encoder; the rest would have to act and cannot."""
    other_methods: tuple[str, ...] = ()
    """Kinds of adapters among them that the Studio does not apply: "LoHa", "LoKr" …"""
    left_out: int = 0
    """Tensors that an export left out when this file was written."""
    decomposed: int = 0
    """Layers that are a DoRA."""
    families: tuple[str, ...] = ()
    """Those whose layers have the shapes of this LoRA's."""
    matched: int = 0
    """Layers that fit the first of `families`."""
    expected: int = 0
    """Layers of that family of the kinds that were trained."""
    targets: tuple[str, ...] = ()
    """Kinds of layers that were trained: "to_q", "ff", "conv1" …"""
    ignored_by_notebook: int = 0
    """Tensors that the challenge's notebook would ignore without a word."""
    layers: tuple[LayerReport, ...] = ()
    blocks: tuple[BlockReport, ...] = ()
    facts: LoraFacts = LoraFacts()
    base_stated: str = ""
    """The base model in the file's own words."""
    metadata: dict[str, str] = Field(default_factory=dict)
    """Cut to what can be shown."""
    findings: tuple[Finding, ...] = ()

    @property
    def unplaced(self) -> int:
        """Tensors that would have to act and cannot: no layer's, and no text encoder's."""
        return self.foreign - self.of_text_encoder

    def losses(self, dialect: str) -> ExportLosses:
        """What would not act after an export in `dialect`; to be said before it is written."""
        ignored = self.ignored_by_notebook if dialect == "challenge" else 0
        return ExportLosses(left_out=self.of_text_encoder, ignored=ignored, tensors=self.tensors)

    @property
    def state(self) -> str:
        """The worst state among the findings."""
        states = {finding.state for finding in self.findings}
        return next((state for state in ("bad", "warning") if state in states), "ok")

    @property
    def repairs(self) -> tuple[str, ...]:
        """The repairs that would mend something, in the order in which they help."""
        offered = {finding.repair for finding in self.findings}
        return tuple(repair for repair in REPAIRS if repair in offered)


class Repaired(Value):
    """A repair, with what it changed."""

    what: str
    before: LoraReport
    after: LoraReport
