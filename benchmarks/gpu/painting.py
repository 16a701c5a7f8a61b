"""A board of eight panels: ours, the notebook's loop, diffusers' pipeline; and whether ours are the notebook's."""

from __future__ import annotations

from pathlib import Path

import diffsynth
import numpy as np
import torch
from diffsynth import SDXLImagePipeline
from diffsynth.prompters import KolorsPrompter
from diffusers import AutoencoderKL, EulerDiscreteScheduler, KolorsPipeline, UNet2DConditionModel
from diffusers.pipelines.kolors.tokenizer import ChatGLMTokenizer

from benchmarks.gpu.bench import CFG_SCALE, Bench, Board, measure_board
from benchmarks.gpu.results import Result
from benchmarks.gpu.sizes import NOISE_CONFIG
from story_engine.inference.device_memory import DeviceMemory
from story_engine.inference.networks import open_networks
from story_engine.inference.noise_schedule import kolors_schedule
from story_engine.inference.render import Renderer
from story_engine.kolors.family import KOLORS
from story_engine.kolors.networks import load_text_encoder, load_unet, load_vae_decoder

_SHARE = 0.4
"""Of the time that is left, for one side at the most."""
_COMPARED_STEPS = 6
_VOCABULARY = Path(diffsynth.__file__).parent / "tokenizer_configs" / "kolors" / "tokenizer" / "tokenizer.model"


def encoding(bench: Bench) -> Result:
    """All texts of a board, the encoder loaded for them; nothing else is on the device."""
    recipes = bench.recipes("编码", steps=1)
    texts = [text for recipe in recipes for text in (recipe.prompt, recipe.negative)]
    memory = DeviceMemory(bench.device)
    networks = open_networks(bench.layout, recipes[0], device=bench.device, plan=memory.plan(recipes))
    whole = bench.timed(lambda: networks.encode(texts, should_stop=lambda: False))
    said = f"{len(set(texts))} texts, the encoder loaded for them"
    return Result("encoding", seconds=whole, peak_gib=bench.peak_gib(), said=said)


def ours(bench: Bench, *, compiled: bool = False) -> Result:
    """The renderer, as the app's child calls it."""
    renderer = bench.renderer()
    always = "编译" if compiled else None
    if always is not None:  # texts that are known need no encoder, for which a leaner plan would let the U-Net go
        renderer.render(bench.recipes(always, steps=1))
        unet_of(renderer).compile()
    board = measure_board(
        bench, lambda steps, words: renderer.render(bench.recipes(always or words, steps=steps)), share=_SHARE
    )
    said = plan_text(renderer) + ("; without encoding" if compiled else "")
    return _result("ours, compiled" if compiled else "ours", bench, board, said)


def notebook(bench: Bench) -> Result:
    """DiffSynth's pipeline with everything in memory, called once for each panel, as the notebook does."""
    pipeline = stock_pipeline(bench)

    def run(steps: int, words: str) -> None:
        for recipe in bench.recipes(words, steps=steps):
            paint_by_diffsynth(pipeline, recipe.seed, recipe.prompt, recipe.negative, bench, steps)

    return _result("notebook", bench, measure_board(bench, run, share=_SHARE), "DiffSynth, one panel at a time")


def by_diffusers(bench: Bench, *, compiled: bool = False) -> Result:
    """The pipeline of diffusers with what its pages advise.

    Half precision, scaled-dot-product attention, channels last, fused projections, all prompts in one call (fewer,
    where memory does not suffice), the VAE by slices.
    """
    pipeline = diffusers_pipeline(bench)
    if compiled:
        pipeline.unet.compile(fullgraph=True)
    together = bench.sizes.panels

    def run(steps: int, words: str) -> None:
        nonlocal together
        recipes = bench.recipes(words, steps=steps)
        start = 0
        while start < len(recipes):
            some = recipes[start : start + together]
            try:
                pipeline(
                    prompt=[recipe.prompt for recipe in some],
                    negative_prompt=[recipe.negative for recipe in some],
                    guidance_scale=CFG_SCALE,
                    num_inference_steps=steps,
                    height=bench.sizes.side,
                    width=bench.sizes.side,
                    generator=[torch.Generator("cpu").manual_seed(recipe.seed) for recipe in some],
                )
            except torch.OutOfMemoryError:
                if together == 1:
                    raise
                together //= 2
                torch.cuda.empty_cache()
            else:
                start += len(some)

    board = measure_board(bench, run, share=_SHARE)
    name = "diffusers, compiled" if compiled else "diffusers"
    return _result(name, bench, board, f"Euler, {together} panels in one call")


def same_pictures(bench: Bench) -> Result:
    """Two panels with the device's own noise beside DiffSynth's, on this very device."""
    recipes = bench.recipes(
        "同图", steps=min(_COMPARED_STEPS, bench.sizes.steps), panels=2, noise=f"device:{bench.device}"
    )
    pictures = bench.renderer().render(recipes)
    bench.free()
    pipeline = stock_pipeline(bench)
    furthest, differing = 0, 0.0
    for recipe, picture in zip(recipes, pictures, strict=True):
        theirs = paint_by_diffsynth(pipeline, recipe.seed, recipe.prompt, recipe.negative, bench, recipe.steps)
        apart = np.abs(np.asarray(picture, dtype=int) - np.asarray(theirs, dtype=int))
        furthest, differing = max(furthest, int(apart.max())), max(differing, float((apart > 0).mean()))
    spread = float(np.asarray(pictures[0]).std())
    said = f"at most {furthest} of 255 apart, {differing:.2%} of the values (a picture's own spread: {spread:.0f})"
    return Result("same pictures", said=said, figures={"furthest": furthest, "differing": differing})


def unet_of(renderer: Renderer) -> torch.nn.Module:
    """What it has loaded: nothing but a benchmark looks in there."""
    networks = renderer._networks
    assert networks is not None
    return networks.painter().unet


def plan_text(renderer: Renderer) -> str:
    """How it used memory for the last pictures."""
    return renderer.remarks_on(0).get("memory_plan", "")


def stock_pipeline(bench: Bench) -> SDXLImagePipeline:
    """As the notebook has it after loading."""
    folder = KOLORS.folder(bench.layout)
    pipeline = SDXLImagePipeline(device=bench.device, torch_dtype=bench.dtype)
    pipeline.text_encoder_kolors = load_text_encoder(folder, device=bench.device, dtype=bench.dtype)
    pipeline.unet = load_unet(folder, device=bench.device, dtype=bench.dtype)
    pipeline.vae_decoder = load_vae_decoder(folder, device=bench.device)
    pipeline.prompter = KolorsPrompter()
    pipeline.prompter.fetch_models(pipeline.text_encoder_kolors)
    pipeline.scheduler = kolors_schedule()
    return pipeline


def paint_by_diffsynth(
    pipeline: SDXLImagePipeline, seed: int, prompt: str, negative: str, bench: Bench, steps: int
) -> object:
    """One block of the notebook."""
    torch.manual_seed(seed)
    return pipeline(
        prompt=prompt,
        negative_prompt=negative,
        cfg_scale=CFG_SCALE,
        num_inference_steps=steps,
        height=bench.sizes.side,
        width=bench.sizes.side,
        progress_bar_cmd=iter,
    )


def diffusers_pipeline(bench: Bench) -> KolorsPipeline:
    """On the same files."""
    folder = KOLORS.folder(bench.layout)
    unet = UNet2DConditionModel.from_pretrained(folder / "unet", variant="fp16", torch_dtype=bench.dtype)
    # In half precision, because the pipeline itself makes it float32 for decoding, and gives it no other latents.
    vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=bench.dtype)
    pipeline = KolorsPipeline(
        text_encoder=load_text_encoder(folder, device=bench.device, dtype=bench.dtype),
        tokenizer=ChatGLMTokenizer(str(_VOCABULARY)),
        unet=unet.to(bench.device, memory_format=torch.channels_last).eval(),
        vae=vae.to(bench.device).eval(),
        scheduler=EulerDiscreteScheduler(**NOISE_CONFIG),
    )
    pipeline.fuse_qkv_projections()
    pipeline.vae.enable_slicing()
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _result(name: str, bench: Bench, board: Board, said: str) -> Result:
    return Result(
        name,
        seconds=board.seconds,
        step_seconds=board.step_seconds,
        peak_gib=board.peak_gib,
        said="; ".join(filter(None, (said, board.said(bench.sizes.steps)))),
        figures={"measured_steps": board.measured_steps, "panels": bench.sizes.panels},
    )
