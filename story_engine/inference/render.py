"""Recipes to pictures: the one place where encoding, denoising and decoding meet. Lives in the render child."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby

import torch
from PIL import Image

from story_engine.catalog.families import check_recipe, families
from story_engine.catalog.published import files_missing
from story_engine.domain.contest import Round
from story_engine.domain.memory_plan import MemoryPlan
from story_engine.domain.recipe import LoraPart, Recipe
from story_engine.errors import ChooseAnother, LookAtLog, OutOfMemory
from story_engine.inference.batches import Batch, batches, painted_together, rows_per_call
from story_engine.inference.cast import cast_lock, with_anchors
from story_engine.inference.contest import Contest, Imagined, Imagining, Started, painted
from story_engine.inference.control_loading import ControlNetworks
from story_engine.inference.decoding import decode, is_black, safely
from story_engine.inference.denoising import Begun, denoise
from story_engine.inference.device_memory import DeviceMemory
from story_engine.inference.encoding import texts_of
from story_engine.inference.latent_preview import LatentColours
from story_engine.inference.lora_injection import LoraMatch
from story_engine.inference.made_with import made_with
from story_engine.inference.networks import Networks, NetworksKey, Painter, networks_key, open_networks
from story_engine.inference.out_of_memory import fitting
from story_engine.inference.painting import Painting, adapter_key, strengths
from story_engine.inference.progress import Call, OnPicture, OnStep, Watch
from story_engine.inference.runtime import free_memory, usual_threads
from story_engine.inference.samplers import build_sampler
from story_engine.inference.starts import begin, check_references, encoded_starts
from story_engine.lora_files.read import read_lora
from story_engine.store.layout import Layout
from story_engine.store.loras import LoraStore
from story_engine.store.references import ReferenceStore

_LOG = logging.getLogger(__name__)


class Renderer:
    """Paints recipes; networks stay loaded between calls.

    Args:
        layout: where weights, LoRAs and cached embeddings lie.
        device: "cpu" or "cuda".
        threads: torch threads on the CPU; 0 for one per core, at most four.
    """

    def __init__(self, layout: Layout, device: str = "cpu", *, threads: int = 0) -> None:
        self._controls = ControlNetworks(layout, device)
        self.work_in(layout)
        self._device = device
        self._networks: Networks | None = None
        self._loaded: NetworksKey | None = None
        self._colours: LatentColours | None = None
        self._matches: dict[str, LoraMatch] = {}
        self._memory = DeviceMemory(device)
        self._remarks: dict[int, dict[str, str]] = {}
        self._not_painted: dict[int, Recipe] = {}
        torch.set_num_threads(threads or usual_threads())
        # One seed is one picture on every device: no shortened float32 on the GPU.
        torch.backends.cudnn.allow_tf32 = False

    def work_in(self, layout: Layout) -> None:
        """Take LoRAs and reference pictures from this workspace from now on; its models must be the same."""
        self._layout, self._loras, self._references = layout, LoraStore(layout), ReferenceStore(layout)
        self._controls.work_in(layout)

    def render(
        self,
        recipes: Sequence[Recipe],
        *,
        on_step: OnStep | None = None,
        should_stop: Callable[[], bool] | None = None,
        on_picture: OnPicture | None = None,
        planned: Sequence[Batch] | None = None,
        contests: Sequence[Contest] = (),
    ) -> list[Image.Image]:
        """Paint every recipe, in order of the sequence.

        Args:
            recipes: of any families and sizes; what fits together is painted together.
            on_step: called at every stage and every step.
            should_stop: asked before every call of a network.
            on_picture: given each picture when it is finished; pictures of a cancelled call that it has got are whole.
            planned: which recipes are painted together; None: what fits.
            contests: recipes of which only some are finished.

        Returns:
            8-bit RGB pictures; of a contest those that were finished.

        Raises:
            FixInput, ChooseAnother, InstallOrDownload: a recipe cannot be painted here; nothing was painted.
            Cancelled: `should_stop` said so.
            LookAtLog: the networks gave something that is no picture.
        """
        call = Call(on_step, should_stop or (lambda: False), contests)
        self._check(recipes)
        self._remarks, self._not_painted = {}, {}
        self._memory.look_again()
        if planned is None:
            planned = self._batches(recipes, contests)
        pictures: dict[int, Image.Image] = {}
        for position, picture in self._all_painted(list(planned), call):
            pictures[position] = picture
            if on_picture is not None:
                on_picture(position, picture)
        return [pictures[position] for position in sorted(pictures)]

    def remarks_on(self, position: int) -> dict[str, str]:
        """What a take has to record of a picture of the last call: how memory was used, and what was repeated."""
        return self._remarks.get(position, {})

    def match_of(self, part: LoraPart) -> LoraMatch:
        """How much of a LoRA acted in the last pictures that used it."""
        return self._matches[adapter_key(part)]

    def made_with(self) -> dict[str, str]:
        """What painted: device, threads and versions, for the take's record."""
        return made_with(self._device)

    def _check(self, recipes: Sequence[Recipe]) -> None:
        known = families(self._layout)
        for recipe in recipes:
            if recipe.family not in known:
                raise ChooseAnother("models.unknown_family", name=recipe.family, listed=", ".join(known))
            if not known[recipe.family].weights_hash:
                raise files_missing(self._layout, recipe.family)
            for each in (*recipe.anchors, recipe):
                is_still = each is not recipe and each.begins_at == each.steps
                check_recipe(each.from_noise if is_still else each, known[recipe.family])
                for part in each.loras:
                    self._loras.path_of_content(part.name, part.sha256)
                check_references(each, self._references)

    def _all_painted(self, planned: list[Batch], call: Call) -> Iterator[tuple[int, Image.Image]]:
        """What came out as no picture is painted once more at the end, in the precision that holds larger numbers."""
        call.left(planned)
        for _, same in groupby(planned, key=lambda batch: networks_key(batch.first)):
            yield from self._painted(list(same), call)
        again = [Batch((position,), (recipe,)) for position, recipe in self._not_painted.items()]
        self._not_painted = {}
        call.left(again)
        for (*_, precision), same in groupby(again, key=lambda batch: networks_key(batch.first)):
            for position, picture in self._painted(list(same), call):
                self._remark(position, repeated_in=precision)
                yield position, picture

    def _batches(self, recipes: Sequence[Recipe], contests: Sequence[Contest]) -> list[Batch]:
        """As many together as memory has room for; of a contest only its own."""
        same: dict[NetworksKey, list[Recipe]] = {}
        for recipe in recipes:
            same.setdefault(networks_key(recipe), []).append(recipe)
        plans = {key: self._memory.plan(some) for key, some in same.items()}
        return batches(
            recipes,
            most=lambda each: painted_together(self._device, each, plans[networks_key(each)]),
            apart=lambda position: next(
                (place for place, some in enumerate(contests) if position in some.positions), -1
            ),
        )

    def _painted(self, same: list[Batch], call: Call) -> Iterator[tuple[int, Image.Image]]:
        """Batches of the same networks; where memory does not suffice, once more with the next leaner plan."""
        recipes = [recipe for batch in same for recipe in batch.recipes]
        plan, finished = self._memory.plan(recipes), set[int]()
        following: MemoryPlan | None = None
        try:
            for position, picture in self._painted_as_planned(same, plan, call):
                finished.add(position)
                yield position, picture
            return
        except OutOfMemory as error:
            following = self._memory.leaner(plan, recipes) if plan is not None else None
            if plan is None or following is None:
                raise
            _LOG.warning("%s: %s, now %s", error, plan.text, following.text)
        left = [batch for batch in same if not finished.issuperset(batch.positions)]
        self._let_go()
        call.left(left)
        for position, picture in self._painted_as_planned(left, following, call):
            if position not in finished:
                self._remark(position, out_of_memory=plan.text)
                yield position, picture

    def _painted_as_planned(
        self, same: Sequence[Batch], plan: MemoryPlan | None, call: Call
    ) -> Iterator[tuple[int, Image.Image]]:
        """All prompts first, so that the text encoder can leave before the rest comes."""
        call.report("loading")
        networks = self._networks_of(same[0].first, plan)
        call.stop_if_asked()
        call.report("encoding")
        recipes = with_anchors([recipe for batch in same for recipe in batch.recipes])
        encoded = networks.encode([text for each in recipes for text in texts_of(each)], should_stop=call.should_stop)
        call.report("loading")
        with fitting("models.memory_vae_encoder", self._device):
            starts = encoded_starts(recipes, self._references, networks.vae_encoder)
        self._controls.look_at(recipes)
        painter = networks.painter()
        self._add_loras(painter, [part for recipe in recipes for part in recipe.loras])
        painting = Painting(painter, encoded, plan, call, starts, self._controls)
        begin, finish = partial(self._begun, painting), partial(self._painted_batch, painting)
        for position, picture in painted(same, call.contests, begin=begin, finish=finish, left=call.left_steps):
            if plan is not None:
                self._remark(position, memory_plan=plan.text)
            yield position, picture

    def _begun(
        self, painting: Painting, batch: Batch, started: Started | None, judged: Round
    ) -> tuple[Started, list[Imagined]]:
        """The steps that a batch of a contest makes before a round, and how its pictures are imagined there."""
        imagining = Imagining(batch, judged)
        there = self._denoised(painting, batch, started, imagining=imagining)
        painting.call.report("judging", batch)
        with fitting("models.memory_decoding", self._device, width=batch.first.width, height=batch.first.height):
            imagined = imagining.imagined(painting.painter.vae_decoder, in_bands=painting.in_bands)
        return there, imagined

    def _denoised(
        self, painting: Painting, batch: Batch, started: Started | None, *, imagining: Imagining | None = None
    ) -> Started:
        """The batch's pictures, and behind them those that they look at, as far as they are to be painted now."""
        first, painter = batch.first, painting.painter
        sampler = build_sampler(first.sampler, first.steps) if started is None else started.sampler
        begun = None if started is None else started.begun
        painter.adapters.activate(strengths(first))
        watch = Watch(batch, painting.call, lambda: self._colours_of(painter), imagining)
        painting.call.report("denoising", batch)
        size: dict[str, object] = {"width": first.width, "height": first.height}
        recipes = with_anchors(batch.recipes)
        inputs = [painting.inputs(recipe) for recipe in recipes]
        kept = None
        if begun is None and not first.cast:
            begun, kept = begin(batch.recipes, painting.starts, inputs, sampler, device=self._device)
        controls = painting.controls.controls(recipes)
        with (
            fitting("models.memory_denoising", self._device, together=len(recipes), **size),
            cast_lock(painting, recipes, inputs, begun=begun) as cast,
        ):
            latents = denoise(
                painter.unet,
                inputs,
                sampler,
                rows_per_call=rows_per_call(self._device, first, painting.plan),
                on_step=watch.stepped,
                should_stop=painting.call.should_stop,
                guidance=first.guidance,
                begun=begun,
                kept=kept,
                until=None if imagining is None else imagining.step,
                cast=cast,
                controls=controls,
                beside=painting.beside(recipes),
            )
            step, maps = imagining.step if imagining else first.steps, cast.maps() if cast else {}
            return Started(batch, sampler, Begun(latents, step, maps))

    def _painted_batch(
        self, painting: Painting, batch: Batch, started: Started | None
    ) -> Iterator[tuple[int, Image.Image]]:
        at, first, call = time.monotonic(), batch.first, painting.call
        latents = self._denoised(painting, batch, started).begun.latents[: len(batch.recipes)]
        for position, recipe, one in zip(batch.positions, batch.recipes, latents, strict=True):
            call.stop_if_asked()
            call.report("decoding", batch)
            with fitting("models.memory_decoding", self._device, width=first.width, height=first.height):
                picture = self._decoded(position, recipe, one, painting)
            if picture is not None:
                yield position, picture
        _LOG.info("painted %d picture(s), %d steps, %.2f s", len(latents), first.steps, time.monotonic() - at)

    def _decoded(self, position: int, recipe: Recipe, latents: torch.Tensor, painting: Painting) -> Image.Image | None:
        """The picture; None where it is none and another precision may give one."""
        safe = safely(recipe, self._device)
        try:
            picture = decode(painting.painter.vae_decoder, latents, in_bands=painting.in_bands)
        except LookAtLog:
            if safe is None:
                raise
        else:
            if safe is None or not is_black(picture):
                spot = painting.spot(recipe)
                return picture if spot is None else spot.mended(picture)
        _LOG.warning("no picture in %s, once more in %s", recipe.precision, safe.precision)
        self._not_painted[position] = safe
        return None

    def _add_loras(self, painter: Painter, parts: Sequence[LoraPart]) -> None:
        keys = frozenset(adapter_key(part) for part in parts)
        for part in parts:
            if adapter_key(part) not in painter.adapters:
                painter.adapters.make_room(keep=keys)
                path = self._loras.path_of_content(part.name, part.sha256)
                weights = read_lora(path)
                self._matches[adapter_key(part)] = painter.adapters.add(adapter_key(part), part.name, weights)

    def _networks_of(self, recipe: Recipe, plan: MemoryPlan | None) -> Networks:
        wanted = networks_key(recipe)
        if self._networks is None or self._loaded != wanted or not self._networks.suits(plan):
            self._let_go()  # the old networks go before the new ones come
            self._networks = open_networks(self._layout, recipe, device=self._device, plan=plan)
            self._loaded = wanted
        elif plan is not None and plan.encoder != "resident":
            self._networks.leave_prompter()
        return self._networks

    def _let_go(self) -> None:
        if self._networks is None:
            return
        self._networks = self._colours = None
        self._controls.let_go()
        free_memory()

    def _remark(self, position: int, **said: str) -> None:
        self._remarks.setdefault(position, {}).update(said)

    def _colours_of(self, painter: Painter) -> LatentColours:
        self._colours = self._colours or LatentColours(painter.vae_decoder, device=self._device)
        return self._colours
