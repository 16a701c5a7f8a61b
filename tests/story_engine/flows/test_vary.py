"""A take varied, and a scene begun with another panel's picture: takes of their scene like any other."""

from __future__ import annotations

import hashlib

import pytest
from PIL import Image

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.control import ControlPart
from story_engine.domain.edit import Edit
from story_engine.domain.recipe import Mend, Start
from story_engine.domain.resolve import resolve
from story_engine.domain.take import Take
from story_engine.errors import ChooseAnother, FixInput

STORY = "cat"


@pytest.fixture
def services(tmp_path, monkeypatch):
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)
    services = open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))
    flows.shelf.create(services, "cat")
    for scene in ("s1", "s2"):
        write(services, "prompt", f"an orange kitten, {scene}", scene=scene)
        write(services, "seed", 5, scene=scene)
    return services


def write(services, field, value, *, scene):
    seen = getattr(services.stories.load(STORY).scene(scene), field)
    services.stories.edit(STORY, [Edit(scene=scene, field=field, value=value, seen=seen)])


def paint(services, scene, recipe=None, *, number=0, colour="orange"):
    story = services.stories.load(STORY)
    family = services.families()["preview"]
    made = recipe or resolve(story, story.scene(scene), number, family=family, loras={})
    take = Take(
        id=made.digest,
        story=STORY,
        scene=scene,
        number=number,
        recipe=made,
        picture_sha256="",
        created_at="2026-11-29T09:00:00+00:00",
        seconds=1.0,
        written_prompt=story.scene(scene).prompt,
    )
    return services.takes.add(take, Image.new("RGB", (made.width, made.height), colour), {})


def asked(services, submitted):
    return list(services.ledger.spec(submitted.job).items)


def test_a_variation_is_the_takes_own_recipe_begun_with_its_picture_and_counts_on_from_its_seed(services):
    take = paint(services, "s1")

    first = asked(services, flows.vary.vary(services, STORY, "s1", take.id, strength=0.4, takes=2))
    more = asked(services, flows.vary.vary(services, STORY, "s1", take.id, strength=0.4))

    assert [item.recipe.seed for item in first + more] == [6, 7, 8]
    assert [item.number for item in first + more] == [1, 2, 3]
    assert {item.parent for item in first + more} == {take.id}
    assert first[0].recipe.start == Start(reference=take.picture_sha256, strength=0.4)
    assert first[0].recipe.from_noise == take.recipe.model_copy(update={"seed": 6})
    assert first[0].written_prompt == take.written_prompt
    kept = services.references.content(take.picture_sha256)
    assert hashlib.sha256(kept).hexdigest() == take.picture_sha256


def test_a_scene_begins_with_another_panels_picture_cut_to_its_own_shape(services):
    take = paint(services, "s1")
    settings = services.stories.load(STORY).settings
    changed = settings.model_copy(update={"width": 320, "height": 256})
    services.stories.edit(STORY, [Edit(scene=None, field="settings", value=changed, seen=settings)])

    (item,) = asked(services, flows.vary.start_from(services, STORY, "s2", "s1"))

    assert (item.scene, item.recipe.width, item.recipe.seed, item.parent) == ("s2", 320, 5, None)
    assert services.references.size(item.recipe.start.reference) == (320, 256) and take.recipe.width == 256


def test_what_was_varied_is_current_as_long_as_its_scene_is_and_is_chosen_like_any_other(services):
    take = paint(services, "s1")
    (item,) = asked(services, flows.vary.vary(services, STORY, "s1", take.id, strength=0.4))
    varied = paint(services, "s1", item.recipe, number=1, colour="red")

    panel = flows.panels.open_story(services, STORY).board.panels[0]
    assert [(view.take.id, view.is_current) for view in panel.takes] == [(take.id, True), (varied.id, True)]

    flows.takes.pick(services, STORY, "s1", varied.id)
    write(services, "prompt", "a black kitten", scene="s1")
    panel = flows.panels.open_story(services, STORY).board.panels[0]
    assert panel.chosen.take.id == varied.id and panel.changed == ("text",)


def test_what_cannot_be_begun_with_is_refused_before_anything_is_queued(services):
    take = paint(services, "s1")
    with pytest.raises(ChooseAnother):
        flows.vary.vary(services, STORY, "s1", "0" * 32, strength=0.4)
    with pytest.raises(ChooseAnother, match="Panel 3"):
        flows.vary.start_from(services, STORY, "s1", "s3")
    with pytest.raises(ChooseAnother):
        flows.vary.start_from(services, STORY, "s1", "s99")
    for strength, takes in ((1.5, 1), (0.4, 0)):
        with pytest.raises(FixInput):
            flows.vary.vary(services, STORY, "s1", take.id, strength=strength, takes=takes)
    foreign = paint(services, "s2", take.recipe.model_copy(update={"weights_hash": "f" * 64}))
    with pytest.raises(ChooseAnother, match="weights"):
        flows.vary.vary(services, STORY, "s2", foreign.id, strength=0.4)
    assert services.ledger.jobs() == ()


def test_a_bundle_carries_what_its_pictures_begin_with_and_is_not_written_without_it(services, tmp_path):
    take = paint(services, "s1")
    (item,) = asked(services, flows.vary.vary(services, STORY, "s1", take.id, strength=0.4))
    varied = paint(services, "s1", item.recipe, number=1, colour="red")
    flows.takes.pick(services, STORY, "s1", varied.id)
    plan = flows.export.plan(services, STORY)

    entries = flows.reproduction.reproduction_entries(services, plan, {})

    assert entries[f"references/{take.picture_sha256}.png"] == services.references.content(take.picture_sha256)
    services.references.path(take.picture_sha256).unlink()
    with pytest.raises(ChooseAnother, match=take.picture_sha256[:12]):
        flows.reproduction.reproduction_entries(services, plan, {})


def test_what_other_tools_are_not_given_is_said(services):
    made = paint(services, "s1").recipe
    part = ControlPart(kind="edges", picture="c" * 64, weights_hash="w", weight=1.0)
    added = {
        "controls": (part,),
        "start": Start(reference="a" * 64, strength=0.5),
        "mend": Mend(reference="a" * 64, mask="b" * 64, prompt="a hat", strength=0.5),
    }
    for number, (field, value) in enumerate(added.items(), 1):
        take = paint(services, "s1", made.model_copy(update={field: value}), number=number)
        flows.takes.pick(services, STORY, "s1", take.id)

        said = flows.elsewhere.take_elsewhere(services, STORY, tool="a1111").differences

        assert [(each.code, each.values) for each in said if "left_out" in each.code] == [
            (f"elsewhere.{field}_left_out", {"count": 1})
        ]
