"""Train: from what a person wants to a run in the queue, with everything that stands in the way said beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from story_engine.catalog.devices import free_bytes, gpu_names, processor_name
from story_engine.domain.captions import language_of
from story_engine.domain.family import FAMILY_NAMES
from story_engine.domain.job_spec import TrainSpec
from story_engine.domain.run import RESUMABLE, TrainedPicture
from story_engine.domain.training import TrainingProblem, TrainingSpec, problems
from story_engine.domain.training_cost import Memory, memory_of
from story_engine.domain.training_text import read_spec
from story_engine.errors import ChooseAnother, InvalidInput, StudioError, Wait
from story_engine.flows import train_samples, train_time
from story_engine.flows.dataset_view import training_pictures
from story_engine.flows.room import SMALLEST_RUN_BYTES, check_room
from story_engine.flows.services import Services
from story_engine.flows.train_samples import as_started
from story_engine.flows.train_view import ACTIVE, card, key_of
from story_engine.store.safe_yaml import decode, parse

TRAIN_PRIORITY = 0
_LANGUAGES = {"zh": "中文", "en": "English"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """A training before it starts."""

    spec: TrainingSpec
    problems: tuple[TrainingProblem, ...]
    pictures: int
    memory: Memory
    device: str
    seconds: float | None
    """How long it takes by steps that were measured here; None where none were."""

    @property
    def can_start(self) -> bool:
        """Whether nothing blocks it."""
        return not any(problem.blocks for problem in self.problems)

    @property
    def times_seen(self) -> float:
        """How often each picture is trained on."""
        return self.spec.steps * self.spec.pictures_per_step / self.pictures if self.pictures else 0.0


def plan(services: Services, spec: TrainingSpec) -> TrainingPlan:
    """Everything wrong with a training at once, and what it costs."""
    found: list[TrainingProblem] = []
    captions: list[str] | None = None
    if spec.dataset in services.datasets.names():
        captions = [picture.caption for picture in training_pictures(services, spec.dataset)]
    elif spec.dataset.strip():
        listed = ", ".join(services.datasets.names()) or "–"
        found.append(TrainingProblem("dataset.not_found", "dataset", {"name": spec.dataset, "listed": listed}))
    families = services.families()
    family = families.get(spec.family)
    found += problems(spec, captions=captions, family=family, taken=services.runs.names())
    found += _other_language(services, spec, captions or ())
    if spec.family in FAMILY_NAMES and not services.ready().get(spec.family, False):
        error = services.files_missing(spec.family)
        found.append(TrainingProblem(error.code, "family", dict(error.values)))
    is_gpu = bool(gpu_names())
    memory = memory_of(
        spec,
        family,
        available_bytes=free_bytes(),
        is_gpu=is_gpu,
    )
    device = gpu_names()[0] if is_gpu else processor_name()
    if not memory.fits:
        found.append(_too_large(memory, device))
    return TrainingPlan(
        spec=spec,
        problems=tuple(found),
        pictures=len(captions or ()),
        memory=memory,
        device=device,
        seconds=train_time.seconds(services, spec, pictures=len(captions or ()), side=family.width if family else 1024),
    )


def start(services: Services, spec: TrainingSpec) -> str:
    """Make a run and put it into the queue; its id. The same training asked for twice is one run.

    Raises:
        InvalidInput: what blocks it, all at once; nothing was made.
    """
    # Two clicks of one person come in two threads, the command line in a process: each sees what the one before queued.
    spec = train_samples.with_contents(services, as_started(spec))
    with services.runs.starting():
        again = _same(services, spec)
        if again is not None:
            run, is_queued = again
            if not is_queued:
                _submit(services, run, spec)
            return run
        blocking = tuple(problem for problem in plan(services, spec).problems if problem.blocks)
        if blocking:
            raise InvalidInput(blocking)
        check_room(services, SMALLEST_RUN_BYTES)
        services.ledger.check_quota()  # before there is a folder of it
        run = services.runs.create(spec, _pictures(services, spec))
        _submit(services, run, spec)
    return run


def resume(services: Services, run: str) -> None:
    """Go on with a run that was stopped, was interrupted or failed, from what it saved last.

    Raises:
        Wait: it is at work.
        ChooseAnother: it is finished.
    """
    state = card(services, run).state
    spec = services.runs.spec(run)
    if state in ACTIVE:
        raise Wait("training.already_running", name=spec.name)
    if state not in RESUMABLE:
        raise ChooseAnother("training.nothing_to_resume", name=spec.name, state=state)
    services.runs.forget_requests(run)  # of the time before
    _submit(services, run, spec)


def ask(services: Services, run: str, what: str) -> None:
    """Ask a training for something: "sample", "save" or "stop" (which saves).

    Raises:
        Wait: it is not at work.
    """
    found = card(services, run)
    if found.job is None or found.state not in ACTIVE:
        raise Wait("training.not_running", name=found.name)
    if found.state == "queued":
        if what == "stop":
            services.ledger.request_cancel(found.job.id)
            return
        raise Wait("training.not_running", name=found.name)
    services.runs.request(run, what)


def force_stop(services: Services, run: str) -> None:
    """End a training now; what it has not saved is lost, and it can go on from what it has.

    Raises:
        Wait: it is not at work.
    """
    found = card(services, run)
    if found.job is None or found.state not in ACTIVE:
        raise Wait("training.not_running", name=found.name)
    services.ledger.request_cancel(found.job.id, is_forced=True)


def delete(services: Services, run: str) -> str:
    """Into the trash, checkpoints and all; the token gives it back.

    Raises:
        Wait: it is at work.
    """
    found = card(services, run)
    if found.state in ACTIVE:
        raise Wait("training.is_running", name=found.name)
    return services.runs.delete(run)


def _submit(services: Services, run: str, spec: TrainingSpec) -> None:
    services.ledger.submit(
        TrainSpec(run=run, name=spec.name, tokens=spec.processes),
        key=key_of(run),
        priority=TRAIN_PRIORITY,
        user=services.user,
        story=None,
        scenes=(),
    )
    services.start_dispatcher()


def _same(services: Services, spec: TrainingSpec) -> tuple[str, bool] | None:
    """A run that is exactly this and has not ended, and whether it is queued: what started it may have died before."""
    for run in services.runs.ids():
        try:
            if services.runs.spec(run) != spec:
                continue
            found = card(services, run)
        except StudioError:
            continue  # a damaged one is not this one
        if found.state in ACTIVE:
            return run, True
        if found.state == "prepared" and found.job is None:
            return run, False
    return None


def _other_language(services: Services, spec: TrainingSpec, captions: Sequence[str]) -> list[TrainingProblem]:
    """Captions in one language and samples in another: said once, and nothing is refused for it."""
    contents = [each.content for each in train_samples.with_contents(services, spec).sample_prompts]
    written = language_of(train_samples.content(services, caption, spec=spec) for caption in captions)
    wanted = language_of(contents)
    if written is None or wanted is None or written == wanted:
        return []
    values: dict[str, object] = {"captions": _LANGUAGES[written], "story": _LANGUAGES[wanted]}
    return [TrainingProblem("training.captions_language", "pictures", values, blocks=False)]


def _pictures(services: Services, spec: TrainingSpec) -> Sequence[TrainedPicture]:
    return [
        TrainedPicture(
            file=each.file,
            sha256=each.sha256,
            caption=each.caption,
            width=each.width,
            height=each.height,
            content=train_samples.content(services, each.caption, spec=spec),
        )
        for each in training_pictures(services, spec.dataset)
    ]


def _too_large(memory: Memory, device: str) -> TrainingProblem:
    values: dict[str, object] = {
        "needed": f"{memory.needed_bytes / 2**30:.1f} GiB",
        "available": f"{memory.available_bytes / 2**30:.1f} GiB",
        "device": device,
    }
    if not memory.remedy:
        return TrainingProblem("training.memory_never", "memory", values, blocks=False)
    values["remedy"] = ", ".join(f"{field} {value}" for field, value in memory.remedy)
    return TrainingProblem("training.memory", memory.remedy[-1][0], values, blocks=False)


def read(content: bytes, *, file: str) -> TrainingSpec:
    """What a YAML file asks for.

    Raises:
        FixInput: it is no YAML, or no training; all problems at once.
    """
    document = parse(decode(content))
    return read_spec(document.data, file=file, lines=document.lines)
