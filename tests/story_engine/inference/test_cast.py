"""Cast lock in the renderer: whoever looks at another picture comes out the same on a board and alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from story_engine.catalog.families import families
from story_engine.domain.contest import Round
from story_engine.domain.recipe import CastPart, LoraPart, Recipe, Start
from story_engine.errors import FixInput
from story_engine.inference.contest import Contest
from story_engine.inference.render import Renderer
from story_engine.preview_model.architecture import SMALLEST
from story_engine.preview_model.weights import load_preview, save_preview
from story_engine.store.layout import Layout
from story_engine.store.loras import LoraStore
from story_engine.store.references import ReferenceStore
from tests.story_engine.inference.small_kolors import publish_small_kolors
from tests.story_engine.inference.small_loras import random_halves, save_peft
from tests.story_engine.inference.small_preview import recipe, small_workspace

SAMPLERS = ("ddim", "euler", "dpmpp_2m_karras")
GIRL, CAT = "一个紫色短发小女孩，粉色连衣裙", "一只橙色的猫"


@pytest.fixture(scope="module", params=["small", pytest.param("shipped", marks=pytest.mark.thorough)])
def layout(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Layout:
    folder = tmp_path_factory.mktemp("studio")
    return _loud_workspace(folder) if request.param == "small" else Layout(folder / "workspace", folder / "stories")


def _loud_workspace(folder: Path) -> Layout:
    """Untrained places of a picture hardly look at each other: here they do."""
    layout = small_workspace(folder)
    parts = load_preview(layout.models / "preview")
    for name, weight in parts.unet.named_parameters():
        if ".attn1." in name or ".attn2." in name:
            weight.data.mul_(6)
    save_preview(parts, layout.models / "preview")
    return layout


@pytest.fixture(scope="module")
def renderer(layout: Layout) -> Renderer:
    return Renderer(layout, threads=1)


def a_recipe(layout: Layout, own: str, *who: str, **changes: Any) -> Recipe:
    """Two steps of four look at others; the preview model knows these words."""
    words = "，".join(("水墨画", *who, own))
    return recipe(layout, prompt=words, **({"sampler": "dpmpp_2m_karras", "steps": 5} | changes))


def part(anchor: Recipe, follower: Recipe, words: str = GIRL, **changes: Any) -> CastPart:
    spans = {
        name: (each.prompt.index(words), each.prompt.index(words) + len(words))
        for name, each in (("words", follower), ("anchor_words", anchor))
    }
    return CastPart(**({"character": "girl", "anchor": anchor, "from_step": 1, "until_step": 5} | spans | changes))


def follower(layout: Layout, anchor: Recipe, own: str, *, words: str = GIRL, **changes: Any) -> Recipe:
    plain = a_recipe(layout, own, words, **changes)
    return plain.model_copy(update={"cast": (part(anchor, plain, words),)})


def apart(one: Image.Image, other: Image.Image) -> int:
    return int(np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int)).max())


def test_a_follower_on_a_board_is_the_follower_alone_and_not_the_picture_without_anchor(
    layout: Layout, renderer: Renderer
) -> None:
    anchor = a_recipe(layout, "在海边", GIRL, seed=1)
    followers = [follower(layout, anchor, own, seed=2 + n) for n, own in enumerate(("在教室", "在森林"))]

    board = renderer.render([anchor, *followers])
    alone = [renderer.render([each])[0] for each in followers]
    without = renderer.render([followers[0].model_copy(update={"cast": ()})])[0]

    assert [apart(one, other) for one, other in zip(board[1:], alone, strict=True)] <= [1, 1]
    assert apart(board[0], renderer.render([anchor])[0]) <= 1
    assert apart(board[1], without) > 5


def test_strength_and_steps_decide_and_no_step_at_all_is_the_picture_without_anchor(
    layout: Layout, renderer: Renderer
) -> None:
    anchor = a_recipe(layout, "在海边", GIRL, seed=1)
    plain = a_recipe(layout, "在教室", GIRL, seed=2)

    def painted(**changes: Any) -> Image.Image:
        return renderer.render([plain.model_copy(update={"cast": (part(anchor, plain, **changes),)})])[0]

    bare = renderer.render([plain])[0]
    assert apart(painted(until_step=1), bare) <= 1
    assert apart(painted(strength=1e-20), bare) <= 8  # a place that is hardly seen still changes last bits
    assert apart(painted(strength=0.5), painted()) > 5
    assert apart(painted(from_step=3), painted()) > 5


def test_two_characters_look_at_two_pictures_and_one_that_looks_itself_is_looked_at(
    layout: Layout, renderer: Renderer
) -> None:
    girl = a_recipe(layout, "在海边", GIRL, seed=1)
    cat = a_recipe(layout, "在森林", CAT, seed=3)
    both = a_recipe(layout, "在街上", GIRL, CAT, seed=5)
    both = both.model_copy(update={"cast": (part(girl, both), part(cat, both, CAT))})
    later = follower(layout, both, "在客厅", seed=6)

    together = renderer.render([both, later])
    only_girl = renderer.render([both.model_copy(update={"cast": both.cast[:1]})])[0]

    assert later.anchors == (girl, cat, both)
    assert apart(together[1], renderer.render([later])[0]) <= 1
    assert apart(together[0], only_girl) > 5


@pytest.mark.parametrize(
    "sampler", ["ddim", *(pytest.param(each, marks=pytest.mark.thorough) for each in SAMPLERS[1:])]
)
def test_guidance_by_noise_level_and_every_sampler_go_with_it(layout: Layout, renderer: Renderer, sampler: str) -> None:
    levels = {"guidance_above": 0.3, "negative_below": 2.0, "sampler": sampler}
    anchor = a_recipe(layout, "在海边", GIRL, seed=1, **levels)
    followers = [follower(layout, anchor, own, seed=2 + n, **levels) for n, own in enumerate(("在教室", "在森林"))]

    board = renderer.render(followers)

    assert apart(board[1], renderer.render([followers[1]])[0]) <= 1
    assert apart(board[1], renderer.render([followers[1].model_copy(update={"cast": ()})])[0]) > 5


def test_a_picture_from_outside_is_looked_at_and_one_that_begins_with_a_picture_looks_too(
    layout: Layout, renderer: Renderer
) -> None:
    drawn = Image.effect_noise((256, 256), 80).convert("RGB")
    kept = ReferenceStore(layout).keep(drawn)
    outside = a_recipe(layout, "", GIRL, seed=0).model_copy(update={"start": Start(reference=kept, strength=0.0)})
    bound = follower(layout, outside, "在教室", seed=2)
    varied = follower(layout, a_recipe(layout, "在海边", GIRL, seed=1), "在教室", seed=2)
    varied = varied.model_copy(update={"start": Start(reference=kept, strength=0.5)})

    pictures = renderer.render([bound, varied])
    without = renderer.render([each.model_copy(update={"cast": ()}) for each in (bound, varied)])

    assert bound.references == (kept,)
    assert apart(pictures[0], without[0]) > 5
    assert apart(pictures[1], without[1]) > 5
    assert apart(pictures[1], renderer.render([varied])[0]) <= 1


def test_takes_that_go_on_after_a_contest_are_what_they_are_without_one(layout: Layout, renderer: Renderer) -> None:
    anchor = a_recipe(layout, "在海边", GIRL, seed=1)
    takes = [follower(layout, anchor, "在教室", seed=seed) for seed in (2, 3, 4)]
    contest = Contest(
        positions=(0, 1, 2),
        rounds=(Round(step=1, keep=1),),
        judge=lambda imagined, _: [imagined[1].position],
    )
    finished: dict[int, Image.Image] = {}

    renderer.render(takes, contests=[contest], on_picture=finished.__setitem__)

    assert list(finished) == [1]
    assert apart(finished[1], renderer.render([takes[1]])[0]) <= 1


def test_pictures_look_at_one_that_has_another_lora(layout: Layout, renderer: Renderer, tmp_path: Path) -> None:
    if "thorough" in str(layout.workspace) or load_preview(layout.models / "preview").config != SMALLEST:
        pytest.skip("the LoRA is one of the smallest model")
    (layout.loras / "ink").mkdir(parents=True, exist_ok=True)
    save_peft(random_halves(), layout.loras / "ink" / "adapter.safetensors")
    lora = LoraPart(name="ink", sha256=LoraStore(layout).sha256("ink"), strength=1.0)
    anchor = a_recipe(layout, "在海边", GIRL, seed=1)
    followers = [follower(layout, anchor, own, seed=2, loras=(lora,)) for own in ("在教室", "在森林")]

    board = renderer.render(followers)

    alike = [anchor.model_copy(update={"loras": (lora,)}), *followers]
    assert apart(board[1], renderer.render([followers[1]])[0]) <= 1
    assert apart(board[1], renderer.render([follower(layout, alike[0], "在森林", seed=2, loras=(lora,))])[0]) > 0


def test_kolors_networks_look_too(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "workspace", tmp_path / "stories")
    publish_small_kolors(layout)
    kolors = {"family": "kolors", "weights_hash": families(layout)["kolors"].weights_hash, "steps": 4}
    anchor = a_recipe(layout, "在海边", GIRL, seed=1, **kolors)
    followers = [follower(layout, anchor, own, seed=2, **kolors) for own in ("在教室", "在森林")]
    renderer = Renderer(layout, threads=1)

    board = renderer.render(followers)

    assert apart(board[1], renderer.render([followers[1]])[0]) <= 1
    assert apart(board[1], renderer.render([followers[1].model_copy(update={"cast": ()})])[0]) > 0


@pytest.mark.parametrize(
    ("changes", "said"), [({"width": 320}, "width"), ({"steps": 4}, "steps"), ({"sampler": "ddim"}, "sampler")]
)
def test_an_anchor_that_cannot_be_painted_alongside_is_refused_and_nothing_is_painted(
    layout: Layout, renderer: Renderer, changes: dict[str, Any], said: str
) -> None:
    anchor = a_recipe(layout, "在海边", GIRL, seed=1, **changes)
    wanted = follower(layout, anchor, "在教室", seed=2)

    with pytest.raises(FixInput) as refused:
        renderer.render([wanted])

    assert refused.value.code == "cast.anchor_unlike"
    assert refused.value.values["field"] == said
