"""What entrants have, as the seeds show it, becomes a story: seen first, made then."""

import io
import json
import zipfile

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import PROJECT_FOLDER, Config
from story_engine.domain.composing import compose_negative, compose_prompt
from story_engine.domain.story import Character, LoraUse
from story_engine.errors import FixInput
from story_engine.store.story_text import write_story
from tests.builders import a_scene, a_story

CHALLENGE = PROJECT_FOLDER / "tests" / "challenge"
PROMPTS = json.loads((CHALLENGE / "prompts.json").read_text(encoding="utf-8"))


@pytest.fixture
def services(tmp_path):
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


def seen(services, *names):
    return flows.story_import.inspect(services, [(name, (CHALLENGE / name).read_bytes()) for name in names])


def codes(proposal):
    return {note.code for note in proposal.notes}


@pytest.mark.parametrize("name", ["baseline.ipynb", "singer_article.txt"])
def test_the_challenges_notebook_comes_out_as_its_eight_scenes(services, name):
    proposal = seen(services, name)

    said = [(each.seed, each.prompt, each.negative) for each in proposal.story.scenes]
    assert said == [(each["seed"], each["prompt"], each["negative"]) for each in PROMPTS["singer"]]
    assert [each.seed for each in proposal.story.scenes] == [0, 1, 2, 5, 0, 1, 7, 0]
    settings = proposal.story.settings
    assert (settings.cfg_scale, settings.steps, settings.width, settings.height) == (4, 50, 1024, 1024)
    assert settings.sampler == "ddim" and proposal.family == "kolors"


def test_a_table_that_lost_its_lines_comes_out_as_its_eight_scenes(services):
    proposal = seen(services, "orange_cat_article.txt")

    said = [(each.prompt, each.negative) for each in proposal.story.scenes]
    assert said == [(each["prompt"], each["negative"]) for each in PROMPTS["orange-cat"]]
    assert proposal.story.scenes[3].title == "小猫降落在古代皇宫"
    assert {"imports.settings_from_code", "imports.seeds_missing", "imports.also_found"} <= codes(proposal)


def test_alpha_two_of_a_training_with_four_is_half_of_the_trained_strength(services):
    (note,) = (note for note in seen(services, "baseline.ipynb").notes if note.code == "imports.lora_alpha")

    assert note.values["percent"] == "50" and note.values["strength"] == "0.5" and note.values["rank"] == 16


def test_commands_are_counted_and_outputs_are_ignored(services):
    proposal = seen(services, "baseline.ipynb")

    (note,) = (note for note in proposal.notes if note.code == "imports.magics_skipped")
    assert note.values["count"] == 5
    assert "not this one" not in str(proposal.story)


def test_an_article_without_a_story_is_refused_by_name(services):
    with pytest.raises(FixInput, match="no_story_article"):
        seen(services, "no_story_article.txt")


def test_nothing_is_made_before_it_is_asked_for(services):
    seen(services, "baseline.ipynb")

    assert services.stories.slugs() == ()


def test_blocks_that_are_taken_change_no_prompt(services):
    for name in ("baseline.ipynb", "orange_cat_article.txt"):
        proposal = seen(services, name)
        assert not proposal.blocks.is_empty

        slug = flows.story_import.create(services, proposal, blocks=proposal.blocks)

        story = services.stories.load(slug)
        assert story.negative == proposal.blocks.negative and len(story.characters) == len(proposal.blocks.characters)
        for before, after in zip(proposal.story.scenes, story.scenes, strict=True):
            assert compose_prompt(story, after) == before.prompt
            assert compose_negative(story, after) == before.negative


def test_a_story_for_the_preview_model_takes_the_preview_models_own_settings(services):
    proposal = seen(services, "baseline.ipynb")

    for_kolors = services.stories.load(flows.story_import.create(services, proposal, stand_in="preview"))
    for_preview = services.stories.load(flows.story_import.create(services, proposal, family="preview"))

    assert (for_kolors.settings.family, for_kolors.settings.stand_in, for_kolors.settings.steps) == (
        "kolors",
        "preview",
        50,
    )
    assert for_preview.settings.family == "preview" and for_preview.settings.width is None


def test_a_bundle_gives_back_the_whole_story(services):
    story = a_story(
        a_scene(1, prompt="{mimi} sits", seed=7),
        characters=(Character(id="mimi", description="an orange kitten"),),
        loras=(LoraUse(name="ink", strength=0.8),),
        negative="blurry",
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("team-可图Kolors训练-cat/story.yaml", write_story(story))
        archive.writestr("team-可图Kolors训练-cat/prompts.md", "| prompt |\n| --- |\n| other |\n")

    proposal = flows.story_import.inspect(services, [("cat.zip", packed.getvalue())])
    back = services.stories.load(flows.story_import.create(services, proposal))

    assert back.model_copy(update={"revision": 0}) == story
    assert "imports.whole_story" in codes(proposal)


def test_a_notebook_and_its_own_table_are_taken_once(services):
    rows = "".join(f"| {each['prompt']} | {each['negative']} |\n" for each in PROMPTS["singer"])
    table = f"| 提示词 | 反向提示词 |\n| --- | --- |\n{rows}".encode()
    notebook = (CHALLENGE / "baseline.ipynb").read_bytes()

    proposal = flows.story_import.inspect(services, [("baseline.ipynb", notebook), ("table.md", table)])

    assert len(proposal.story.scenes) == 8
    assert "imports.scenes_twice" in codes(proposal)


def test_one_bad_file_does_not_keep_the_others_out(services):
    notebook = (CHALLENGE / "baseline.ipynb").read_bytes()

    proposal = flows.story_import.inspect(services, [("baseline.ipynb", notebook), ("empty.txt", b" ")])

    assert len(proposal.story.scenes) == 8
    assert [name for name, _ in proposal.refused] == ["empty.txt"]


def test_more_scenes_than_a_story_has_are_counted(services):
    rows = "".join(f"a cat number {number},1\n" for number in range(30))

    proposal = flows.story_import.inspect(services, [("table.csv", f"prompt,seed\n{rows}".encode())])

    assert len(proposal.story.scenes) == 24
    assert "imports.too_many_scenes" in codes(proposal)


def test_a_lora_of_the_library_is_used_with_the_strength_that_it_had(services, tmp_path):
    folder = services.layout.loras
    folder.mkdir(parents=True)
    (folder / "epoch=0-step=500.ckpt").write_bytes(b"a file of that name")

    assert seen(services, "baseline.ipynb").story.loras == (LoraUse(name="epoch=0-step=500", strength=0.5),)
