"""LoRAs of a story and its scenes, from the file to the queue, with the real stores."""

import pytest
from PIL import Image

from story_engine.bootstrap import open_engine
from story_engine.config import Config
from story_engine.domain.edit import Edit
from story_engine.domain.recipe import Recipe
from story_engine.domain.story import LoraUse
from story_engine.errors import ChooseAnother
from tests.builders import a_take

INK, OIL, GONE = LoraUse(name="ink", strength=0.5), LoraUse(name="oil"), LoraUse(name="gone")


@pytest.fixture
def engine(tmp_path, monkeypatch):
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)
    folder = tmp_path / "workspace" / "loras"
    folder.mkdir(parents=True)
    for use in (INK, OIL):
        (folder / f"{use.name}.safetensors").write_bytes(use.name.encode())
    return open_engine(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


@pytest.fixture
def cat(engine):
    """A story of eight written scenes that wears ink; the second wears oil, the third nothing."""
    slug = engine.create("cat")
    for scene in engine.story(slug).scenes:
        engine.edit(slug, [Edit(scene=scene.id, field="prompt", value=f"a cat, {scene.id}", seen="")])
    edits = [("s2", (OIL,)), ("s3", ())]
    engine.edit(slug, [Edit(scene=None, field="loras", value=(INK,), seen=())])
    engine.edit(slug, [Edit(scene=scene, field="loras", value=loras, seen=None) for scene, loras in edits])
    return slug


def queued(engine, submitted) -> dict[str, Recipe]:
    items = engine.services.ledger.spec(submitted.job).items
    return {item.scene: item.recipe for item in items}


def painted(engine, slug, recipes: dict[str, Recipe], number=0) -> None:
    for scene, recipe in recipes.items():
        take = a_take(recipe, scene=scene, story=slug, number=number, written_prompt=recipe.prompt)
        engine.services.takes.add(take, Image.new("RGB", (64, 64)), {})


def names(recipe: Recipe) -> list[str]:
    return [part.name for part in recipe.loras]


def test_each_scene_is_painted_with_what_it_wears(engine, cat):
    recipes = queued(engine, engine.render(cat))

    assert [names(recipes[scene]) for scene in ("s1", "s2", "s3", "s4")] == [["ink"], ["oil"], [], ["ink"]]


def test_the_whole_story_is_painted_without_any_lora_for_comparison(engine, cat):
    worn = queued(engine, engine.render(cat))

    bare = queued(engine, engine.render(cat, without_loras=True))

    assert bare == {scene: recipe.model_copy(update={"loras": ()}) for scene, recipe in worn.items()}


def test_a_control_that_is_there_is_found_and_not_painted_again(engine, cat):
    painted(engine, cat, queued(engine, engine.render(cat, scenes=["s1"])))
    painted(engine, cat, queued(engine, engine.render(cat, scenes=["s1"], without_loras=True)))

    again = engine.render(cat, scenes=["s1"], without_loras=True)

    assert (again.job, again.found) == (None, 1)
    panel = engine.board(cat).panels[0]
    assert [view.is_control for view in panel.takes].count(True) == 1
    assert panel.chosen.is_current


def test_the_control_follows_the_pick(engine, cat):
    painted(engine, cat, queued(engine, engine.render(cat, scenes=["s1"])))
    painted(engine, cat, queued(engine, engine.redo(cat, "s1")), number=1)
    second = next(view.take for view in engine.board(cat).panels[0].takes if view.take.number == 1)
    engine.pick(cat, "s1", second.id)

    (recipe,) = queued(engine, engine.render(cat, scenes=["s1"], without_loras=True)).values()

    assert recipe.seed == second.recipe.seed


def test_a_lora_that_is_gone_is_told_on_opening_and_stops_only_its_own_scenes(engine, cat):
    seen = engine.story(cat).scene("s2").loras
    engine.edit(cat, [Edit(scene="s2", field="loras", value=(GONE,), seen=seen)])

    assert ("loras.missing", {"name": "gone", "scenes": 1}) in engine.notices(cat, "en")
    assert engine.render(cat, scenes=["s1"]).queued == 1
    assert engine.render(cat, scenes=["s2"], without_loras=True).queued == 1
    for ask in (lambda: engine.render(cat), lambda: engine.redo(cat, "s2")):
        with pytest.raises(ChooseAnother, match="gone"):
            ask()


def test_a_take_brings_back_the_loras_that_it_wore(engine, cat):
    painted(engine, cat, queued(engine, engine.render(cat, scenes=["s2"])))
    take = engine.board(cat).panels[1].takes[0].take.id
    engine.edit(cat, [Edit(scene="s2", field="loras", value=None, seen=(OIL,))])

    engine.use_settings(cat, "s2", take)

    assert engine.story(cat).scene("s2").loras == (OIL,)


def test_a_take_that_wore_what_the_story_wears_leaves_the_scene_to_the_story(engine, cat):
    painted(engine, cat, queued(engine, engine.render(cat, scenes=["s1"])))
    take = engine.board(cat).panels[0].takes[0].take.id
    engine.edit(cat, [Edit(scene="s1", field="loras", value=(OIL,), seen=None)])

    engine.use_settings(cat, "s1", take)

    assert engine.story(cat).scene("s1").loras is None


def test_two_tabs_give_two_scenes_loras_and_both_stay(engine, cat):
    engine.edit(cat, [Edit(scene="s4", field="loras", value=(OIL,), seen=None)])
    engine.edit(cat, [Edit(scene="s5", field="loras", value=(), seen=None)])

    story = engine.story(cat)
    assert (story.scene("s4").loras, story.scene("s5").loras) == ((OIL,), ())
    assert "scenes[s5].loras" in engine.history(cat)[0].changed


def renamed(engine, old: str, new: str) -> None:
    folder = engine.config.workspace / "loras"
    (folder / f"{old}.safetensors").rename(folder / f"{new}.safetensors")


def test_settings_of_a_take_name_its_lora_as_it_is_called_now(engine, cat):
    painted(engine, cat, queued(engine, engine.render(cat, scenes=["s2"])))
    take = engine.board(cat).panels[1].takes[0].take.id
    renamed(engine, "oil", "thick-oil")
    engine.edit(cat, [Edit(scene="s2", field="loras", value=(), seen=(OIL,))])

    story = engine.use_settings(cat, "s2", take)

    assert story.scene("s2").loras == (LoraUse(name="thick-oil"),)
    assert engine.board(cat).panels[1].takes[0].is_current
    assert engine.render(cat, scenes=["s2"]).found == 1


def test_a_scene_that_has_the_renamed_lora_already_is_left_as_it_is(engine, cat):
    painted(engine, cat, queued(engine, engine.render(cat, scenes=["s1"])))
    take = engine.board(cat).panels[0].takes[0].take.id
    renamed(engine, "ink", "brush")
    engine.edit(cat, [Edit(scene=None, field="loras", value=(LoraUse(name="brush", strength=0.5),), seen=(INK,))])

    assert engine.use_settings(cat, "s1", take).scene("s1").loras is None


def test_settings_of_a_take_never_name_another_lora_that_has_its_name_now(engine, cat):
    painted(engine, cat, queued(engine, engine.render(cat, scenes=["s2"])))
    take = engine.board(cat).panels[1].takes[0].take.id
    (engine.config.workspace / "loras" / "oil.safetensors").write_bytes(b"another one")
    before = engine.story(cat)

    with pytest.raises(ChooseAnother, match="another file now"):
        engine.use_settings(cat, "s2", take)

    assert engine.story(cat) == before


def test_settings_of_a_take_whose_lora_is_gone_bring_its_words_back_and_say_what_is_missing(engine, cat):
    painted(engine, cat, queued(engine, engine.render(cat, scenes=["s2"])))
    take = engine.board(cat).panels[1].takes[0].take.id
    (engine.config.workspace / "loras" / "oil.safetensors").unlink()
    engine.edit(cat, [Edit(scene="s2", field="prompt", value="a dog", seen="a cat, s2")])

    engine.use_settings(cat, "s2", take)

    assert engine.story(cat).scene("s2").prompt == "a cat, s2"
    assert ("loras.missing", {"name": "oil", "scenes": 1}) in engine.notices(cat, "en")
