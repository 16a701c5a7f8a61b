"""Recipes become pictures: the very ones of DiffSynth's pipeline, in any batch, stopped within a step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from story_engine.domain.recipe import Recipe
from story_engine.errors import Cancelled, ChooseAnother, FixInput, InstallOrDownload, LookAtLog
from story_engine.inference.progress import RenderProgress
from story_engine.inference.render import Renderer
from story_engine.preview_model.architecture import SMALLEST, build_preview
from story_engine.preview_model.weights import save_preview
from story_engine.store.layout import Layout
from tests.story_engine.inference.small_preview import recipe, small_workspace, stock_pipeline


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return small_workspace(tmp_path_factory.mktemp("studio"))


@pytest.fixture(scope="module")
def renderer(layout: Layout) -> Renderer:
    return Renderer(layout, threads=1)


@pytest.mark.parametrize("cfg_scale", [4.0, 1.0])
def test_ddim_paints_what_the_stock_pipeline_paints(layout: Layout, renderer: Renderer, cfg_scale: float) -> None:
    wanted = recipe(layout, cfg_scale=cfg_scale, width=320)

    ours = renderer.render([wanted])[0]

    stock = _stock(layout, wanted, seed=wanted.seed)
    assert ours.size == (320, 256)
    assert _difference(ours, stock) <= 1
    assert np.asarray(ours).std() > 5  # a flat picture would prove nothing


def test_device_noise_paints_what_a_seeded_notebook_paints(layout: Layout, renderer: Renderer) -> None:
    wanted = recipe(layout, noise="device:cpu", seed=0)

    ours = renderer.render([wanted])[0]

    torch.manual_seed(0)
    assert _difference(ours, _stock(layout, wanted, seed=None)) <= 1


def test_device_noise_leaves_the_default_generator_alone(layout: Layout, renderer: Renderer) -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)

    renderer.render([recipe(layout, noise="device:cpu", steps=1)])

    assert torch.equal(torch.rand(1), expected)


def test_eight_panels_at_once_are_the_eight_panels_one_by_one(layout: Layout, renderer: Renderer) -> None:
    wanted = [
        recipe(layout, prompt=f"一只猫 {seed}", negative="模糊" if seed % 2 else "", seed=seed, cfg_scale=3 + seed / 2)
        for seed in range(8)
    ]

    together = renderer.render(wanted)

    for one, expected in zip(together, (renderer.render([single])[0] for single in wanted), strict=True):
        assert _difference(one, expected) <= 1
    assert len({picture.tobytes() for picture in together}) == 8


def test_panels_guided_at_other_levels_are_painted_in_one_go_and_are_what_they_are_alone(
    layout: Layout, renderer: Renderer
) -> None:
    levels = [{}, {"guidance_above": 0.5, "negative_below": 2.0}, {"guidance_below": 6.0}, {}, {"negative_below": 2.0}]
    wanted = [recipe(layout, seed=1, **each) for each in levels]

    together = renderer.render(wanted)

    for one, single in zip(together, wanted, strict=True):
        assert _difference(one, renderer.render([single])[0]) <= 1
    assert together[0].tobytes() == together[3].tobytes()
    assert len({picture.tobytes() for picture in together}) == 4


@pytest.mark.parametrize("sampler", ["ddim", "euler", "dpmpp_2m_karras"])
def test_one_recipe_is_one_picture_to_the_byte(layout: Layout, renderer: Renderer, sampler: str) -> None:
    wanted = recipe(layout, sampler=sampler)

    again = Renderer(layout, threads=1).render([wanted])[0]

    assert renderer.render([wanted])[0].tobytes() == again.tobytes()


def test_pictures_come_in_the_order_of_the_recipes_whatever_is_painted_together(
    layout: Layout, renderer: Renderer
) -> None:
    wanted = [
        recipe(layout, width=320),
        recipe(layout, seed=1),
        recipe(layout, width=320, seed=2),
        recipe(layout, seed=3, steps=2),
    ]
    finished: list[int] = []

    pictures = renderer.render(wanted, on_picture=lambda position, picture: finished.append(position))

    assert [picture.width for picture in pictures] == [320, 256, 320, 256]
    assert sorted(finished) == [0, 1, 2, 3]


def test_progress_counts_every_step_and_shows_small_pictures(layout: Layout, renderer: Renderer) -> None:
    told: list[RenderProgress] = []

    renderer.render([recipe(layout, steps=6), recipe(layout, steps=6, seed=1)], on_step=told.append)

    steps = [progress.step for progress in told if progress.stage == "denoising"]
    assert steps == list(range(7))
    assert all(progress.total == 6 for progress in told if progress.stage == "denoising")
    assert {progress.stage for progress in told} >= {"encoding", "denoising", "decoding"}
    previews = [progress.previews for progress in told if progress.previews]
    assert previews and all(set(shown) == {0, 1} for shown in previews)
    with Image.open(_as_file(previews[-1][0])) as preview:
        assert preview.format == "JPEG" and max(preview.size) == 128


def test_a_render_stops_within_one_step(layout: Layout, renderer: Renderer) -> None:
    steps: list[int] = []

    with pytest.raises(Cancelled):
        renderer.render(
            [recipe(layout, steps=50)],
            on_step=lambda progress: steps.append(progress.step),
            should_stop=lambda: max(steps, default=0) >= 3,
        )

    assert max(steps) == 3


def test_pictures_finished_before_a_stop_have_been_handed_over(layout: Layout, renderer: Renderer) -> None:
    finished: list[int] = []

    with pytest.raises(Cancelled):
        renderer.render(
            [recipe(layout), recipe(layout, width=320)],
            on_picture=lambda position, picture: finished.append(position),
            should_stop=lambda: bool(finished),
        )

    assert finished == [0]


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"width": 100}, "models.size", "multiples of 64"),
        ({"height": 832}, "models.size", "256 to 768"),
        ({"steps": 201}, "models.out_of_range", "1 to 200"),
        ({"cfg_scale": 31.0}, "models.out_of_range", "0 to 30"),
        ({"sampler": "heun"}, "models.unknown_sampler", "dpmpp_2m_karras"),
    ],
)
def test_what_cannot_be_painted_is_refused_with_the_limits(
    layout: Layout, renderer: Renderer, changes: dict[str, object], code: str, named: str
) -> None:
    with pytest.raises(FixInput) as caught:
        renderer.render([recipe(layout, **changes)])

    assert caught.value.code == code
    assert named in str(caught.value)


def test_one_recipe_that_cannot_be_painted_stops_the_others_before_they_start(
    layout: Layout, renderer: Renderer
) -> None:
    finished: list[int] = []

    with pytest.raises(ChooseAnother) as caught:
        renderer.render(
            [recipe(layout), recipe(layout, weights_hash="f" * 64)],
            on_picture=lambda position, picture: finished.append(position),
        )

    assert caught.value.code == "models.other_weights"
    assert finished == []


def test_missing_weights_are_told(tmp_path: Path) -> None:
    layout = small_workspace(tmp_path)
    wanted = recipe(layout)
    (layout.models / "preview" / "vae.safetensors").unlink()

    with pytest.raises(InstallOrDownload) as caught:
        Renderer(layout, threads=1).render([wanted])

    assert caught.value.code == "models.preview_files_missing"
    assert "vae.safetensors (missing)" in str(caught.value)


def test_numbers_that_are_no_picture_are_an_error_and_not_a_black_panel(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "workspace", tmp_path / "stories")
    parts = build_preview(SMALLEST)
    torch.nn.init.constant_(parts.vae_decoder.conv_out.bias, float("nan"))
    save_preview(parts, layout.models / "preview")

    with pytest.raises(LookAtLog) as caught:
        Renderer(layout, threads=1).render([recipe(layout, steps=1)])

    assert caught.value.values["part"] == "VAE"


def test_a_take_can_say_what_painted_it(renderer: Renderer) -> None:
    made_with = renderer.made_with()

    assert made_with["device"] == "cpu"
    assert made_with["diffsynth"] == "1.1.9"
    assert made_with["torch"]


def _stock(layout: Layout, wanted: Recipe, *, seed: int | None) -> Image.Image:
    picture: Image.Image = stock_pipeline(layout)(
        prompt=wanted.prompt,
        negative_prompt=wanted.negative,
        cfg_scale=wanted.cfg_scale,
        num_inference_steps=wanted.steps,
        height=wanted.height,
        width=wanted.width,
        seed=seed,
        progress_bar_cmd=iter,
    )
    return picture


def _difference(one: Image.Image, other: Image.Image) -> int:
    """Largest difference of any colour value, out of 255."""
    return int(np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int)).max())


def _as_file(content: bytes) -> object:
    import io

    return io.BytesIO(content)
