"""What a LoRA training is told: the values, their ranges, presets, and everything wrong with it at once. Pure.

A step is one update of the LoRA: `batch_size` × `gradient_accumulation_steps` × `processes` pictures.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ConfigDict, model_validator

from story_engine.domain.family import FAMILY_NAMES, SIZE_MULTIPLE, TIMESTEPS, Family
from story_engine.domain.findings import shown
from story_engine.domain.safe_name import name_fault
from story_engine.domain.training_limits import LIMITS
from story_engine.domain.value import Value
from story_engine.errors import Problem

PRECISIONS = ("auto", "float32", "float16", "bfloat16")
"""Of the frozen base; "auto" is float32 on the CPU, bfloat16 or float16 on a GPU. The LoRA is always float32. A CPU
without instructions for it takes float32 where bfloat16 is asked for."""
SCHEDULERS = ("constant", "linear", "cosine")
TARGETS = (
    "to_q",
    "to_k",
    "to_v",
    "to_out",
    "attn1",
    "attn2",
    "ff",
    "act_fn.proj",
    "attn1.to_q",
    "attn1.to_k",
    "attn1.to_v",
    "attn1.to_out",
    "attn2.to_q",
    "attn2.to_k",
    "attn2.to_v",
    "attn2.to_out",
)
"""Linear layers of the U-Net's transformers, as DiffSynth names them; attn1 looks at the picture, attn2 at the text."""
MOST_SAMPLES = 16


class SamplePrompt(Value):
    """A picture that is painted again and again while a LoRA is trained."""

    prompt: str
    negative: str = ""
    seed: int = 0
    title: str = ""
    """For the head of its column, such as the title of its scene."""
    content: str = ""
    """The prompt without trigger and words of style: what must still be seen in the picture whatever style it gets.
    Empty in runs of earlier versions; see `content_of_sample`."""
    story: str = ""
    """Slug of the story that it is a scene of; empty where a person wrote it, and in runs of earlier versions."""


EARLIER_NAMES = {"smallest_timestep": "min_timestep", "largest_timestep": "max_timestep"}
"""Fields as runs and files of earlier versions call them."""


def with_present_names(fields: Mapping[str, object]) -> dict[str, object]:
    """Fields of a spec by the names that they have now, whatever version wrote them."""
    return {EARLIER_NAMES.get(name, name): value for name, value in fields.items()}


class TrainingSpec(Value):
    """Everything that decides a training; the challenge's parameters have their own names."""

    # Numbers are judged by `training_text`, all of them at once and in the reader's language.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=True)

    @model_validator(mode="before")
    @classmethod
    def _read_earlier_names(cls, data: object) -> object:
        return with_present_names(data) if isinstance(data, Mapping) else data

    name: str
    """What the run is called; its folder is made from it."""
    dataset: str
    """Name of the dataset."""
    family: str = "preview"
    """The model that the LoRA is trained for."""
    trigger: str = ""
    """Put in front of every caption that does not begin with it; calls what is trained."""
    other_styles: str = ""
    """Style words of the prompts that the LoRA will meet, such as 二次元: half of the captions are trained with them
    behind the trigger, so that what is learned also holds where a prompt names another style."""
    lora_rank: int = 16
    """Width of the adapter: more can hold more detail, and copies the pictures sooner."""
    lora_alpha: float = 4.0
    """The adapter acts with alpha / rank: a smaller one learns more slowly at the same learning rate."""
    max_epochs: int = 1
    """How often `steps_per_epoch` is done."""
    steps_per_epoch: int = 500
    """Updates of the adapter per epoch."""
    center_crop: bool = False
    """Keep the middle of each picture; off: several parts of it."""
    crops: int = 4
    """Parts of each picture that are encoded beforehand, spread over it, where `center_crop` is off."""
    random_flip: bool = False
    """Show half of the pictures mirrored; not for letters, nor for characters with a parting."""
    use_gradient_checkpointing: bool = True
    """Compute parts of the network twice instead of keeping them: a fifth of the memory, a third more time."""
    precision: str = "auto"
    """Of the frozen base; the adapter itself is float32."""
    batch_size: int = 1
    """Pictures that go through the network together."""
    learning_rate: float = 1e-4
    """How far each step moves the adapter; too much destroys what the model knows."""
    weight_decay: float = 0.01
    """Pulls the adapter back to nothing."""
    target_modules: tuple[str, ...] = ("to_q", "to_k", "to_v", "to_out")
    """Layers that get an adapter."""
    lora_dropout: float = 0.0
    """Share of the adapter's input that is left out at random."""
    lr_scheduler: str = "constant"
    """How the learning rate goes on after the warm-up: constant, or down to zero as a line or a cosine."""
    lr_warmup_steps: int = 0
    """Steps in which the learning rate rises from zero."""
    gradient_accumulation_steps: int = 1
    """Batches per update: as a larger batch, without its memory."""
    max_grad_norm: float = 1.0
    """A longer gradient is shortened to this; 0: never."""
    min_snr_gamma: float = 5.0
    """Limits how much nearly clean pictures count (Hang et al. 2023); 0: all timesteps count the same."""
    noise_offset: float = 0.0
    """Lets the adapter learn darker and brighter pictures than the base paints."""
    caption_dropout: float = 0.05
    """Share of the samples that are trained without their caption: the style then needs no words."""
    min_timestep: int = 0
    """Least noise that is trained with: 0 is the finished picture."""
    max_timestep: int = TIMESTEPS - 1
    """Most noise that is trained with: composition is decided there, texture below."""
    prior_weight: float = 0.0
    """How much the base's own pictures count beside the training pictures (prior preservation, Ruiz et al. 2022,
    arXiv:2208.12242, §3.2): 0 is without, 1 as much. Needs a trigger word, which tells the two apart."""
    prior_pictures: int = 24
    """How many pictures the base paints for it before the first step."""
    resolution: int = 0
    """Side of a square picture in pixels; with buckets, the side of a square of the same area. 0: the family's own."""
    aspect_buckets: bool = True
    """Train each picture near its own shape instead of cutting it square."""
    true_size: bool = True
    """Tell the network each picture's own size and crop, as SDXL was trained; the preview model knows no such thing."""
    seed: int = 0
    """Decides order, noise, timesteps and the adapter's first values."""
    sample_every: int = 100
    """Steps between sample pictures; 0: none."""
    sample_prompts: tuple[SamplePrompt, ...] = ()
    """What is painted then."""
    sample_steps: int = 0
    """Denoising steps of a sample; 0: the family's own."""
    samples_as_stories: bool = False
    """Whether samples are guided, and in as many steps, as stories of this family usually are. Runs of before there was
    guidance by noise level do not say so, and go on with samples that can be held beside their first ones."""
    save_every: int = 100
    """Steps between checkpoints; one is always saved at the end."""
    keep_last: int = 5
    """How many of the latest checkpoints stay; 0: all."""
    keep_every: int = 0
    """Checkpoints at multiples of this stay in any case; 0: none but the last ones."""
    processes: int = 1
    """Processes that train together, one per GPU."""

    @property
    def steps(self) -> int:
        """Updates in all."""
        return self.max_epochs * self.steps_per_epoch

    @property
    def pictures_per_step(self) -> int:
        """Over all processes and accumulated batches."""
        return self.batch_size * self.gradient_accumulation_steps * self.processes

    @property
    def rows_per_pass(self) -> int:
        """Rows of one process that go through the network together: a class picture beside each training picture."""
        return self.batch_size * (2 if self.prior_weight else 1)


MOST_STEPS = 1_000_000
MOST_STEP_PICTURES = 1024


@dataclass(frozen=True, slots=True)
class TrainingProblem(Problem):
    """One thing wrong with a training; `where` is the field of `TrainingSpec`, or "pictures"."""

    blocks: bool = True
    """False: it can be trained, but it will hardly do what is wanted."""


def problems(
    spec: TrainingSpec,
    *,
    captions: Sequence[str] | None = None,
    family: Family | None = None,
    taken: Collection[str] = (),
) -> tuple[TrainingProblem, ...]:
    """Everything wrong with a training, at once.

    Args:
        spec: what is to be trained.
        captions: of the pictures that the dataset's filters keep; None where they are not known.
        family: the model that `spec.family` names, for its limits.
        taken: names of the runs there are.
    """
    found = [*_names(spec, taken), *_ranges(spec), *_choices(spec), *_together(spec, family)]
    return (*found, *_of_captions(spec, captions)) if captions is not None else tuple(found)


def limited(field: str) -> tuple[float, float] | None:
    """The accepted range of a field, for a form; None where it has none."""
    return LIMITS.get(field)


def _names(spec: TrainingSpec, taken: Collection[str]) -> list[TrainingProblem]:
    found = []
    fault = name_fault(spec.name)
    if fault is not None:
        found.append(TrainingProblem(fault[0], "name", fault[1]))
    elif spec.name in taken:
        found.append(TrainingProblem("training.name_taken", "name", {"name": spec.name}))
    if not spec.dataset.strip():
        found.append(TrainingProblem("training.no_dataset", "dataset", {}))
    return found


def _ranges(spec: TrainingSpec) -> list[TrainingProblem]:
    found = []
    for field, (least, most) in LIMITS.items():
        value = getattr(spec, field)
        if not (math.isfinite(value) and least <= value <= most):
            values: dict[str, object] = {
                "field": field,
                "value": shown(value),
                "least": f"{least:g}",
                "most": f"{most:g}",
            }
            found.append(TrainingProblem("training.out_of_range", field, values))
    return found


def _choices(spec: TrainingSpec) -> list[TrainingProblem]:
    found = []
    for field, known in (("family", FAMILY_NAMES), ("precision", PRECISIONS), ("lr_scheduler", SCHEDULERS)):
        if getattr(spec, field) not in known:
            values: dict[str, object] = {"value": shown(getattr(spec, field)), "known": ", ".join(known)}
            found.append(TrainingProblem("training.unknown_choice", field, values))
    for target in spec.target_modules:
        if target not in TARGETS:
            known_targets: dict[str, object] = {"value": shown(target), "known": ", ".join(TARGETS)}
            found.append(TrainingProblem("training.unknown_choice", "target_modules", known_targets))
    if not spec.target_modules:
        found.append(TrainingProblem("training.no_targets", "target_modules", {}))
    return found


def _together(spec: TrainingSpec, family: Family | None) -> list[TrainingProblem]:
    """What no field shows alone."""
    found = []
    if spec.resolution % SIZE_MULTIPLE:
        below = spec.resolution // SIZE_MULTIPLE * SIZE_MULTIPLE
        near = f"{below}, {below + SIZE_MULTIPLE}"
        values: dict[str, object] = {"value": spec.resolution, "multiple": SIZE_MULTIPLE, "near": near}
        found.append(TrainingProblem("training.not_a_multiple", "resolution", values))
    elif family is not None and spec.resolution and not spec.resolution <= family.largest_side:
        values = {"value": spec.resolution, "family": family.title, "most": family.largest_side}
        found.append(TrainingProblem("training.too_large_for_family", "resolution", values))
    if spec.min_timestep > spec.max_timestep:
        values = {"smallest": spec.min_timestep, "largest": spec.max_timestep}
        found.append(TrainingProblem("training.timesteps", "min_timestep", values))
    if spec.steps >= 1 and spec.lr_warmup_steps >= spec.steps:
        values = {"warmup": spec.lr_warmup_steps, "steps": spec.steps}
        found.append(TrainingProblem("training.only_warmup", "lr_warmup_steps", values))
    if spec.steps > MOST_STEPS:
        found.append(
            TrainingProblem("training.too_many_steps", "max_epochs", {"steps": spec.steps, "most": MOST_STEPS})
        )
    if spec.pictures_per_step > MOST_STEP_PICTURES:
        values = {"count": spec.pictures_per_step, "most": MOST_STEP_PICTURES}
        found.append(TrainingProblem("training.too_many_together", "batch_size", values))
    if spec.prior_weight and not spec.trigger.strip():
        values = {"weight": f"{spec.prior_weight:g}"}
        found.append(TrainingProblem("training.prior_without_trigger", "prior_weight", values))
    if len(spec.sample_prompts) > MOST_SAMPLES:
        values = {"count": len(spec.sample_prompts), "most": MOST_SAMPLES}
        found.append(TrainingProblem("training.too_many_samples", "sample_prompts", values))
    safe = family.safe_learning_rate if family is not None else math.inf
    if safe <= spec.learning_rate <= LIMITS["learning_rate"][1]:
        values = {"value": f"{spec.learning_rate:g}", "safe": f"{safe:g}"}
        found.append(TrainingProblem("training.fast", "learning_rate", values, blocks=False))
    return found


def _of_captions(spec: TrainingSpec, captions: Sequence[str]) -> list[TrainingProblem]:
    if not captions:
        return [TrainingProblem("training.no_pictures", "pictures", {"dataset": spec.dataset})]
    empty = sum(1 for caption in captions if not caption.strip())
    if empty == len(captions) and not spec.trigger.strip():
        return [TrainingProblem("training.no_words", "pictures", {"count": empty})]
    if empty:
        values: dict[str, object] = {"count": empty, "all": len(captions)}
        return [TrainingProblem("training.some_without_caption", "pictures", values, blocks=False)]
    return []
