"""The front desk for trainings: one method per thing that a person can ask about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from story_engine.domain.resolve import compose_negative, compose_prompt
from story_engine.domain.training import PRESETS, SamplePrompt, TrainingSpec
from story_engine.domain.training_text import read_spec, spec_from_preset
from story_engine.errors import ChooseAnother
from story_engine.flows import train, train_time, train_view
from story_engine.flows.services import Services
from story_engine.flows.train import TrainingPlan
from story_engine.flows.train_view import RunCard, RunLook
from story_engine.store.safe_yaml import decode, parse


@dataclass(frozen=True, slots=True)
class TrainingDesk:
    """Everything that a person can ask about trainings. Reached as `engine.training`."""

    services: Services
    user: str

    # -- before it starts ----------------------------------------------------------------------------------------------
    def presets(self) -> tuple[str, ...]:
        """Names of the ready settings."""
        return tuple(PRESETS)

    def from_preset(self, preset: str, **fields: object) -> TrainingSpec:
        """A preset's settings with `fields` on top; at least `name` and `dataset`."""
        return spec_from_preset(preset, **fields)

    def read(self, content: bytes, *, file: str) -> TrainingSpec:
        """What a YAML file asks for.

        Raises:
            FixInput: it is no YAML, or no training; all problems at once.
        """
        document = parse(decode(content))
        return read_spec(document.data, file=file, lines=document.lines)

    def sample_prompts(self, slug: str, scenes: Sequence[str], *, trigger: str = "") -> tuple[SamplePrompt, ...]:
        """Scenes of a story as what is painted during a training: composed as the model is sent them, with their seeds.

        Raises:
            ChooseAnother: no such story, or no such scene.
        """
        story = self.services.stories.load(slug)
        known = {scene.id: scene for scene in story.scenes}
        for wanted in scenes:
            if wanted not in known:
                raise ChooseAnother("render.no_scene", scene=wanted, listed=", ".join(known))
        return tuple(
            SamplePrompt(
                prompt=", ".join(part for part in (trigger.strip(), compose_prompt(story, known[each])) if part),
                negative=compose_negative(story, known[each]),
                seed=known[each].seed,
                title=known[each].title,
            )
            for each in scenes
        )

    def style_words(self, prompts: Sequence[str], *, trigger: str = "") -> str:
        """Words in these prompts that name a style, separated by commas: what a LoRA has to hold against."""
        found = dict.fromkeys(word for prompt in prompts for word in self.services.style_words(prompt))
        return "，".join(word for word in found if word not in trigger)

    def plan(self, spec: TrainingSpec) -> TrainingPlan:
        """What stands in its way, all at once; memory and time."""
        return train.plan(self.services, spec)

    def measure(self, spec: TrainingSpec) -> int:
        """Do a few steps on noise, so that `plan` knows the time; the job, which takes seconds."""
        return train_time.measure(self.services, spec, user=self.user)

    def is_being_measured(self, spec: TrainingSpec) -> bool:
        """Whether that is going on just now."""
        return train_time.is_being_measured(self.services, spec)

    # -- work ----------------------------------------------------------------------------------------------------------
    def start(self, spec: TrainingSpec) -> str:
        """Queue a training; the run's id. Asked for twice, it is one run.

        Raises:
            InvalidInput: what blocks it, all at once; nothing was made.
        """
        return train.start(self.services, spec, user=self.user)

    def resume(self, run: str) -> None:
        """Go on from what was saved last."""
        train.resume(self.services, run, user=self.user)

    def ask(self, run: str, what: str) -> None:
        """Ask a training at work for "sample", "save" or "stop"; a stop saves first."""
        train.ask(self.services, run, what)

    def force_stop(self, run: str) -> None:
        """End a training now; it can go on from what it saved last."""
        train.force_stop(self.services, run)

    # -- the runs ------------------------------------------------------------------------------------------------------
    def runs(self) -> tuple[RunCard, ...]:
        """All runs, last created first."""
        return train_view.cards(self.services)

    def card(self, run: str) -> RunCard:
        """How far one run is.

        Raises:
            ChooseAnother: there is none of that name.
        """
        return train_view.card(self.services, run)

    def look(self, run: str) -> RunLook:
        """One run with its figures, samples and checkpoints."""
        return train_view.look(self.services, run)

    def checkpoint(self, run: str, step: int) -> Path:
        """The LoRA file of a step.

        Raises:
            ChooseAnother: there is none of that step.
        """
        found = self.services.runs.checkpoints(run)
        if step not in found:
            listed = ", ".join(str(each) for each in found) or "–"
            raise ChooseAnother("training.no_checkpoint", name=run, step=step, listed=listed)
        return found[step]

    def delete(self, run: str) -> str:
        """Into the trash, checkpoints and all; the token gives it back."""
        return train.delete(self.services, run)

    def restore(self, token: str) -> str:
        """Undo of `delete`; the run's id."""
        return self.services.runs.restore(token)
