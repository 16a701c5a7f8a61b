"""LoRAs of a story and its scenes, from the file to the queue, with the real stores."""

import pytest
from PIL import Image

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.edit import Edit
from story_engine.domain.recipe import Recipe
from story_engine.domain.story import LoraUse
from story_engine.errors import ChooseAnother
from tests.builders import a_take

INK, OIL, GONE = LoraUse(name="ink", strength=0.5), LoraUse(name="oil"), LoraUse(name="gone")


@pytest.fixture
def services(tmp_path, monkeypatch):
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)
    folder = tmp_path / "workspace" / "loras"
    folder.mkdir(parents=True)
    for use in (INK, OIL):
        (folder / f"{use.name}.safetensors").write_bytes(use.name.encode())
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


@pytest.fixture
def cat(services):
    """A story of eight written scenes that uses ink; the second uses oil, the third nothing."""
    slug = flows.shelf.create(services, "cat")
    for scene in services.stories.load(slug).scenes:
        services.stories.edit(slug, [Edit(scene=scene.id, field="prompt", value=f"a cat, {scene.id}", seen="")])
    edits = [("s2", (OIL,)), ("s3", ())]
    services.stories.edit(slug, [Edit(scene=None, field="loras", value=(INK,), seen=())])
    services.stories.edit(slug, [Edit(scene=scene, field="loras", value=loras, seen=None) for scene, loras in edits])
    return slug


def queued(services, submitted) -> dict[str, Recipe]:
    items = services.ledger.spec(submitted.job).items
    return {item.scene: item.recipe for item in items}


def painted(services, slug, recipes: dict[str, Recipe], number=0) -> None:
    for scene, recipe in recipes.items():
        take = a_take(recipe, scene=scene, story=slug, number=number, written_prompt=recipe.prompt)
        services.takes.add(take, Image.new("RGB", (64, 64)), {})


def names(recipe: Recipe) -> list[str]:
    return [part.name for part in recipe.loras]


def test_each_scene_is_painted_with_what_it_uses(services, cat):
    recipes = queued(services, flows.queue.render(services, cat))

    assert [names(recipes[scene]) for scene in ("s1", "s2", "s3", "s4")] == [["ink"], ["oil"], [], ["ink"]]


def test_the_whole_story_is_painted_without_any_lora_for_comparison(services, cat):
    used = queued(services, flows.queue.render(services, cat))

    bare = queued(services, flows.queue.render(services, cat, without_loras=True))

    assert bare == {scene: recipe.model_copy(update={"loras": ()}) for scene, recipe in used.items()}


def test_a_control_that_is_there_is_found_and_not_painted_again(services, cat):
    painted(services, cat, queued(services, flows.queue.render(services, cat, scenes=["s1"])))
    painted(services, cat, queued(services, flows.queue.render(services, cat, scenes=["s1"], without_loras=True)))

    again = flows.queue.render(services, cat, scenes=["s1"], without_loras=True)

    assert (again.job, again.found) == (None, 1)
    panel = flows.panels.open_story(services, cat).board.panels[0]
    assert [view.is_control for view in panel.takes].count(True) == 1
    assert panel.chosen.is_current


def test_the_control_follows_the_pick(services, cat):
    painted(services, cat, queued(services, flows.queue.render(services, cat, scenes=["s1"])))
    painted(services, cat, queued(services, flows.queue.redo(services, cat, "s1")), number=1)
    second = next(
        view.take for view in flows.panels.open_story(services, cat).board.panels[0].takes if view.take.number == 1
    )
    flows.takes.pick(services, cat, "s1", second.id)

    (recipe,) = queued(services, flows.queue.render(services, cat, scenes=["s1"], without_loras=True)).values()

    assert recipe.seed == second.recipe.seed


def test_a_lora_that_is_gone_is_told_on_opening_and_stops_only_its_own_scenes(services, cat):
    seen = services.stories.load(cat).scene("s2").loras
    services.stories.edit(cat, [Edit(scene="s2", field="loras", value=(GONE,), seen=seen)])

    assert ("loras.missing", {"name": "gone", "scenes": 1}) in flows.panels.notices(services, cat, "en")
    assert flows.queue.render(services, cat, scenes=["s1"]).queued == 1
    assert flows.queue.render(services, cat, scenes=["s2"], without_loras=True).queued == 1
    for ask in (lambda: flows.queue.render(services, cat), lambda: flows.queue.redo(services, cat, "s2")):
        with pytest.raises(ChooseAnother, match="gone"):
            ask()


def test_a_take_brings_back_the_loras_that_it_wore(services, cat):
    painted(services, cat, queued(services, flows.queue.render(services, cat, scenes=["s2"])))
    take = flows.panels.open_story(services, cat).board.panels[1].takes[0].take.id
    services.stories.edit(cat, [Edit(scene="s2", field="loras", value=None, seen=(OIL,))])

    flows.takes.use_settings(services, cat, "s2", take)

    assert services.stories.load(cat).scene("s2").loras == (OIL,)


def test_a_take_that_used_what_the_story_uses_leaves_the_scene_to_the_story(services, cat):
    painted(services, cat, queued(services, flows.queue.render(services, cat, scenes=["s1"])))
    take = flows.panels.open_story(services, cat).board.panels[0].takes[0].take.id
    services.stories.edit(cat, [Edit(scene="s1", field="loras", value=(OIL,), seen=None)])

    flows.takes.use_settings(services, cat, "s1", take)

    assert services.stories.load(cat).scene("s1").loras is None


def test_two_tabs_give_two_scenes_loras_and_both_stay(services, cat):
    services.stories.edit(cat, [Edit(scene="s4", field="loras", value=(OIL,), seen=None)])
    services.stories.edit(cat, [Edit(scene="s5", field="loras", value=(), seen=None)])

    story = services.stories.load(cat)
    assert (story.scene("s4").loras, story.scene("s5").loras) == ((OIL,), ())
    assert "scenes[s5].loras" in services.stories.history(cat)[0].changed


def renamed(services, old: str, new: str) -> None:
    folder = services.config.workspace / "loras"
    (folder / f"{old}.safetensors").rename(folder / f"{new}.safetensors")


def test_settings_of_a_take_name_its_lora_as_it_is_called_now(services, cat):
    painted(services, cat, queued(services, flows.queue.render(services, cat, scenes=["s2"])))
    take = flows.panels.open_story(services, cat).board.panels[1].takes[0].take.id
    renamed(services, "oil", "thick-oil")
    services.stories.edit(cat, [Edit(scene="s2", field="loras", value=(), seen=(OIL,))])

    story = flows.takes.use_settings(services, cat, "s2", take)

    assert story.scene("s2").loras == (LoraUse(name="thick-oil"),)
    assert flows.panels.open_story(services, cat).board.panels[1].takes[0].is_current
    assert flows.queue.render(services, cat, scenes=["s2"]).found == 1


def test_a_scene_that_has_the_renamed_lora_already_is_left_as_it_is(services, cat):
    painted(services, cat, queued(services, flows.queue.render(services, cat, scenes=["s1"])))
    take = flows.panels.open_story(services, cat).board.panels[0].takes[0].take.id
    renamed(services, "ink", "brush")
    services.stories.edit(
        cat, [Edit(scene=None, field="loras", value=(LoraUse(name="brush", strength=0.5),), seen=(INK,))]
    )

    assert flows.takes.use_settings(services, cat, "s1", take).scene("s1").loras is None


def test_settings_of_a_take_never_name_another_lora_that_has_its_name_now(services, cat):
    painted(services, cat, queued(services, flows.queue.render(services, cat, scenes=["s2"])))
    take = flows.panels.open_story(services, cat).board.panels[1].takes[0].take.id
    (services.config.workspace / "loras" / "oil.safetensors").write_bytes(b"another one")
    before = services.stories.load(cat)

    with pytest.raises(ChooseAnother, match="another file now"):
        flows.takes.use_settings(services, cat, "s2", take)

    assert services.stories.load(cat) == before


def test_settings_of_a_take_whose_lora_is_gone_bring_its_words_back_and_say_what_is_missing(services, cat):
    painted(services, cat, queued(services, flows.queue.render(services, cat, scenes=["s2"])))
    take = flows.panels.open_story(services, cat).board.panels[1].takes[0].take.id
    (services.config.workspace / "loras" / "oil.safetensors").unlink()
    services.stories.edit(cat, [Edit(scene="s2", field="prompt", value="a dog", seen="a cat, s2")])

    flows.takes.use_settings(services, cat, "s2", take)

    assert services.stories.load(cat).scene("s2").prompt == "a cat, s2"
    assert ("loras.missing", {"name": "oil", "scenes": 1}) in flows.panels.notices(services, cat, "en")
