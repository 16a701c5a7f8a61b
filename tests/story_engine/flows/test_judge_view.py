"""The judge view of a story with real stores; its pictures are painted by nobody."""

from __future__ import annotations

import pytest
from PIL import Image

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.recipe import LoraPart
from story_engine.errors import FixInput
from story_engine.flows.bundle_plan import plan_of
from story_engine.flows.judge_contents import MOST_IN_A_ROW, judge_contents
from tests.builders import a_recipe, a_story, a_take

INK = LoraPart(name="ink", sha256="c" * 64, strength=1.0)


@pytest.fixture
def services(tmp_path):
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


@pytest.fixture
def slug(services) -> str:
    return services.stories.create("猫的一天", a_story(count=3))


def paint(
    services, slug: str, scene: str, *strengths: float, seed: int = 0, part: LoraPart = INK, **recipe
) -> list[str]:
    """A take per strength of the LoRA, 0 without it; their ids."""
    found = []
    for strength in strengths:
        loras = (part.model_copy(update={"strength": strength}),) if strength else ()
        take = a_take(a_recipe(prompt=scene, seed=seed, loras=loras, **recipe), story=slug, scene=scene)
        colour = (round(strength * 100) % 256, seed * 9 % 256, len(recipe) * 40)
        found.append(services.takes.add(take, Image.new("RGB", (64, 64), colour), {}).id)
    return found


def contents(services, slug: str):
    plan = plan_of(services, flows.panels.open_story(services, slug), threshold=6.0)
    return judge_contents(plan, losses={}, coherence={})


def test_the_same_seed_with_and_without_the_lora_stand_beside_each_other(services, slug):
    for scene, strengths in (("s1", (0, 1.0)), ("s2", (1.0,)), ("s3", (0,))):
        flows.takes.pick(services, slug, scene, paint(services, slug, scene, *strengths)[-1])
    paint(services, slug, "s2", 0, seed=5)  # another seed is no comparison
    paint(services, slug, "s2", 0, steps=9)

    found = contents(services, slug)

    (pair,) = found.pairs
    assert (pair.number, pair.seed, pair.lora) == (1, 0, "ink")
    assert [(each.strength, each.is_chosen) for each in pair.pictures] == [(0.0, False), (1.0, True)]
    assert found.sweeps == ()


def test_strengths_that_were_painted_are_a_sweep_from_weak_to_strong(services, slug):
    ids = paint(services, slug, "s1", 1.5, 0, 0.5, 1.0)
    flows.takes.pick(services, slug, "s1", ids[2])
    paint(services, slug, "s1", 0.75, part=LoraPart(name="ink", sha256="d" * 64, strength=1.0))  # another content

    (sweep,) = contents(services, slug).sweeps

    assert [each.strength for each in sweep.pictures] == [0, 0.5, 1.0, 1.5]
    assert [each.is_chosen for each in sweep.pictures] == [False, True, False, False]


def test_a_long_sweep_keeps_its_ends_and_the_chosen_strength(services, slug):
    strengths = [each / 10 for each in range(21)]
    ids = paint(services, slug, "s1", *strengths)
    flows.takes.pick(services, slug, "s1", ids[7])

    (sweep,) = contents(services, slug).sweeps
    shown = [each.strength for each in sweep.pictures]

    assert len(shown) <= MOST_IN_A_ROW and shown[0] == 0 and shown[-1] == 2.0 and 0.7 in shown


def test_a_lora_whose_file_is_gone_is_shown_with_what_the_recipes_know(services, slug):
    paint(services, slug, "s1", 0.5)

    (lora,) = contents(services, slug).loras
    facts = dict(lora.facts)

    assert facts["sha256"] == "c" * 64 and facts["strengths"] == "0.5"
    assert facts["rank"] == facts["trigger"] == facts["steps"] == "" and lora.losses == ()


def test_the_page_is_written_and_names_what_it_shows(services, slug, tmp_path):
    paint(services, slug, "s1", 0, 1.0)

    path = flows.judge_view.write(services, slug, tmp_path / "judge.html", language="en")
    html = path.read_text(encoding="utf-8")

    assert "猫的一天" in html and "c" * 64 in html
    assert 'id="coherence"' not in html  # one panel has nothing to hold together with
    paint(services, slug, "s2", 1.0)
    assert b'id="coherence"' in flows.judge_view.judge_view(services, slug, language="zh")
    assert str(tmp_path) not in html


def test_a_story_without_a_picture_is_told_to_be_rendered(services, slug):
    with pytest.raises(FixInput, match="Render the story first"):
        flows.judge_view.judge_view(services, slug, language="zh")
