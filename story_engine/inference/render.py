"""Recipes to pictures: the one place where encoding, denoising and decoding meet. Lives in the render child."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import torch
from PIL import Image

from story_engine.catalog.devices import processor_name
from story_engine.catalog.families import check_recipe, families
from story_engine.catalog.published import files_missing
from story_engine.domain.recipe import LoraPart, Recipe
from story_engine.errors import Cancelled, ChooseAnother, LookAtLog
from story_engine.inference.batches import Batch, batches, painted_together, rows_per_call
from story_engine.inference.denoising import Denoised, PictureInputs, denoise
from story_engine.inference.encoding import EncodedPrompt
from story_engine.inference.latent_preview import LatentColours
from story_engine.inference.lora_injection import LoraMatch
from story_engine.inference.networks import Networks, Painter, open_networks
from story_engine.inference.noise import starting_noise
from story_engine.inference.out_of_memory import fitting
from story_engine.inference.samplers import build_sampler
from story_engine.lora_files.read import read_lora
from story_engine.store.layout import Layout
from story_engine.store.loras import LoraStore

_LOG = logging.getLogger(__name__)
_PREVIEWS_PER_RUN = 5
_PACKAGES = ("torch", "diffsynth", "transformers", "peft", "safetensors", "numpy")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderProgress:
    """How far a call of `Renderer.render` is."""

    stage: str
    """"encoding", "loading", "denoising" or "decoding"."""
    step: int = 0
    """Denoising steps done, over all batches of the call."""
    total: int = 0
    """Denoising steps of the call."""
    positions: tuple[int, ...] = ()
    """Which of the recipes are being painted just now."""
    previews: dict[int, bytes] = field(default_factory=dict)
    """Position → small JPEG of how the picture will look; only every few steps."""


OnStep = Callable[[RenderProgress], None]
OnPicture = Callable[[int, Image.Image], None]
"""Called with the recipe's position and its picture as soon as that is finished."""


class Renderer:
    """Paints recipes; networks stay loaded between calls.

    Args:
        layout: where weights, LoRAs and cached embeddings lie.
        device: "cpu" or "cuda".
        threads: torch threads on the CPU; 0 for one per core, at most four.
    """

    def __init__(self, layout: Layout, device: str = "cpu", *, threads: int = 0) -> None:
        self._layout = layout
        self._loras = LoraStore(layout)
        self._device = device
        self._networks: Networks | None = None
        self._loaded: tuple[str, str, str] | None = None
        self._colours: LatentColours | None = None
        self._matches: dict[str, LoraMatch] = {}
        torch.set_num_threads(threads or _usual_threads())
        # One seed is one picture on every device: no shortened float32 on the GPU.
        torch.backends.cudnn.allow_tf32 = False

    def render(
        self,
        recipes: Sequence[Recipe],
        *,
        on_step: OnStep | None = None,
        should_stop: Callable[[], bool] | None = None,
        on_picture: OnPicture | None = None,
        planned: Sequence[Batch] | None = None,
    ) -> list[Image.Image]:
        """Paint every recipe, in order of the sequence.

        Args:
            recipes: of any families and sizes; what fits together is painted together.
            on_step: called at every stage and every step.
            should_stop: asked before every call of a network.
            on_picture: given each picture when it is finished; pictures of a cancelled call that it has got are whole.
            planned: which recipes are painted together; None: what fits.

        Returns:
            8-bit RGB pictures.

        Raises:
            FixInput, ChooseAnother, InstallOrDownload: a recipe cannot be painted here; nothing was painted.
            Cancelled: `should_stop` said so.
            LookAtLog: the networks gave something that is no picture.
        """
        call = _Call(on_step or _ignore_step, should_stop or _never, on_picture or _ignore_picture)
        self._check(recipes)
        if planned is None:
            planned = batches(recipes, most=lambda recipe: painted_together(self._device, recipe))
        call.total = sum(batch.first.steps for batch in planned)
        pictures: dict[int, Image.Image] = {}
        for _, same in groupby(planned, key=lambda batch: _networks_key(batch.first)):
            for position, picture in self._painted(list(same), call):
                pictures[position] = picture
                call.on_picture(position, picture)
        return [pictures[position] for position in range(len(recipes))]

    def match_of(self, part: LoraPart) -> LoraMatch:
        """How much of a LoRA acted in the last pictures that used it."""
        return self._matches[_adapter_key(part)]

    def made_with(self) -> dict[str, str]:
        """What painted: device, threads and versions, for the take's record."""
        versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
        if self._device.startswith("cuda"):
            name, instructions = torch.cuda.get_device_name(), f"CUDA {torch.version.cuda}"
        else:
            name, instructions = processor_name(), torch.backends.cpu.get_cpu_capability()
        return {
            "device": self._device,
            "device_name": name,
            "instructions": instructions,
            "threads": str(torch.get_num_threads()),
            "python": platform.python_version(),
            **versions,
        }

    def _check(self, recipes: Sequence[Recipe]) -> None:
        known = families(self._layout)
        for recipe in recipes:
            if recipe.family not in known:
                raise ChooseAnother("models.unknown_family", name=recipe.family, listed=", ".join(known))
            if not known[recipe.family].weights_hash:
                raise files_missing(self._layout, recipe.family)
            check_recipe(recipe, known[recipe.family])
            for part in recipe.loras:
                self._loras.path_of_content(part.name, part.sha256)

    def _painted(self, same: Sequence[Batch], call: _Call) -> Iterator[tuple[int, Image.Image]]:
        """Paint batches of the same networks: all prompts first, so that the text encoder can leave before that."""
        call.report("loading")
        networks = self._networks_of(same[0].first)
        call.stop_if_asked()
        call.report("encoding")
        recipes = [recipe for batch in same for recipe in batch.recipes]
        texts = [text for recipe in recipes for text in (recipe.prompt, recipe.negative)]
        encoded = networks.encode(texts, should_stop=call.should_stop)
        call.report("loading")
        painter = networks.painter()
        self._add_loras(painter, [part for recipe in recipes for part in recipe.loras])
        for batch in same:
            yield from self._painted_batch(batch, painter, encoded, call)

    def _painted_batch(
        self, batch: Batch, painter: Painter, encoded: dict[str, EncodedPrompt], call: _Call
    ) -> Iterator[tuple[int, Image.Image]]:
        started = time.monotonic()
        first = batch.first
        painter.adapters.activate({_adapter_key(part): part.strength for part in first.loras})
        watch = _Watch(batch, call, lambda: self._colours_of(painter))
        call.report("denoising", batch)
        size: dict[str, object] = {"width": first.width, "height": first.height}
        with fitting("models.memory_denoising", self._device, together=len(batch.recipes), **size):
            latents = denoise(
                painter.unet,
                [_inputs(recipe, encoded) for recipe in batch.recipes],
                build_sampler(first.sampler, first.steps),
                rows_per_call=rows_per_call(self._device, first),
                on_step=watch.stepped,
                should_stop=call.should_stop,
            )
        for position, one in zip(batch.positions, latents, strict=True):
            call.stop_if_asked()
            call.report("decoding", batch)
            with fitting("models.memory_decoding", self._device, **size):
                picture = _decoded(painter, one)
            yield position, picture
        _LOG.info("painted %d picture(s), %d steps, %.2f s", len(latents), first.steps, time.monotonic() - started)

    def _add_loras(self, painter: Painter, parts: Sequence[LoraPart]) -> None:
        keys = frozenset(_adapter_key(part) for part in parts)
        for part in parts:
            if _adapter_key(part) not in painter.adapters:
                painter.adapters.make_room(keep=keys)
                path = self._loras.path_of_content(part.name, part.sha256)
                weights = read_lora(path)
                self._matches[_adapter_key(part)] = painter.adapters.add(_adapter_key(part), part.name, weights)

    def _networks_of(self, recipe: Recipe) -> Networks:
        wanted = _networks_key(recipe)
        if self._networks is None or self._loaded != wanted:
            self._networks = self._colours = None  # the old networks go before the new ones come
            self._networks = open_networks(self._layout, recipe, device=self._device)
            self._loaded = wanted
        return self._networks

    def _colours_of(self, painter: Painter) -> LatentColours:
        if self._colours is None:
            self._colours = LatentColours(painter.vae_decoder, device=self._device)
        return self._colours


@dataclass(slots=True)
class _Call:
    """One call of `render`: who wants to know, and how far it is."""

    on_step: OnStep
    should_stop: Callable[[], bool]
    on_picture: OnPicture
    total: int = 0
    done: int = 0

    @property
    def is_watched(self) -> bool:
        """Whether anybody is told of steps."""
        return self.on_step is not _ignore_step

    def report(self, stage: str, batch: Batch | None = None, previews: dict[int, bytes] | None = None) -> None:
        positions = batch.positions if batch else ()
        self.on_step(
            RenderProgress(stage=stage, step=self.done, total=self.total, positions=positions, previews=previews or {})
        )

    def stop_if_asked(self) -> None:
        if self.should_stop():
            raise Cancelled("models.cancelled")


@dataclass(frozen=True, slots=True)
class _Watch:
    """Turns the loop's steps into progress with previews."""

    batch: Batch
    call: _Call
    colours: Callable[[], LatentColours]
    """Fitted when they are first shown: who looks at no previews does not wait for them."""

    def stepped(self, step: int, denoised: Denoised) -> None:
        self.call.done += 1
        between = max(1, self.batch.first.steps // _PREVIEWS_PER_RUN)
        previews: dict[int, bytes] = {}
        if self.call.is_watched and step % between == 0 and step < self.batch.first.steps:
            colours = self.colours()
            previews = {
                position: colours.jpeg(latents)
                for position, latents in zip(self.batch.positions, denoised(), strict=True)
            }
        self.call.report("denoising", self.batch, previews)


def _adapter_key(part: LoraPart) -> str:
    return f"lora_{part.sha256[:32]}"


def _networks_key(recipe: Recipe) -> tuple[str, str, str]:
    return recipe.family, recipe.weights_hash, recipe.precision


def _inputs(recipe: Recipe, encoded: dict[str, EncodedPrompt]) -> PictureInputs:
    return PictureInputs(
        noise=starting_noise(recipe),
        prompt=encoded[recipe.prompt],
        negative=encoded[recipe.negative],
        cfg_scale=recipe.cfg_scale,
    )


def _decoded(painter: Painter, latents: torch.Tensor) -> Image.Image:
    """(4, height/8, width/8) to a picture. Source: diffsynth 1.1.9, pipelines/base.py, `vae_output_to_image`.

    Raises:
        LookAtLog: the picture holds numbers that are none (an overflow, or damaged weights).
    """
    with torch.inference_mode():
        # The decoder computes in float32 and gives back the latents' own precision, as it does in DiffSynth's pipeline.
        decoded = painter.vae_decoder(latents[None])[0].float().cpu()
    if not torch.isfinite(decoded).all():
        raise LookAtLog("models.not_finite", part="U-Net" if not torch.isfinite(latents).all() else "VAE")
    pixels = ((decoded.permute(1, 2, 0).numpy() / 2 + 0.5).clip(0, 1) * 255).astype(np.uint8)
    return Image.fromarray(pixels)


def _usual_threads() -> int:
    """One per core that this process may use; the preview model gains nothing from more than four."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, 4)


def _ignore_step(progress: RenderProgress) -> None:
    del progress


def _ignore_picture(position: int, picture: Image.Image) -> None:
    del position, picture


def _never() -> bool:
    return False
