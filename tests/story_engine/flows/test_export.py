"""From takes on disk to the zip, with the real stores and an engine that paints nothing."""

import json
import zipfile

import pytest
from PIL import Image

from story_engine.bootstrap import open_engine
from story_engine.config import Config
from story_engine.domain.resolve import resolve
from story_engine.domain.take import Score
from story_engine.errors import InvalidInput, NotReady
from tests.builders import a_take


@pytest.fixture
def engine(tmp_path):
    return open_engine(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


@pytest.fixture
def painted(engine):
    """A story of eight scenes, each with a take of its own colour and a score; its slug."""
    slug = engine.create("猫的一天")
    story = engine.story(slug)
    parts = engine.services
    scorer = parts.present_scorer()
    for index, scene in enumerate(story.scenes):
        story = parts.stories.edit(slug, [edit(scene, "prompt", f"小猫，{index}"), edit(scene, "title", f"题{index}")])
    for index, scene in enumerate(story.scenes):
        recipe = resolve(story, scene, 0, family=parts.families()["preview"], loras={})
        take = a_take(recipe, scene=scene.id, story=slug)
        stored = parts.takes.add(take, Image.new("RGB", (256, 256), (index * 30, 90, 120)), {"parameters": "x"})
        value = 5.0 + index * 0.5
        parts.scores.add(
            [
                Score(
                    picture_sha256=stored.picture_sha256, scorer=scorer.name, scorer_version=scorer.version, value=value
                )
            ]
        )
    return slug


def edit(scene, field, value):
    from story_engine.domain.edit import Edit

    return Edit(scene=scene.id, field=field, value=value, seen=getattr(scene, field))


def test_the_bundle_holds_pictures_prompts_scores_and_the_sheet_beside_them(engine, painted, tmp_path):
    path = engine.export(painted, out=tmp_path / "out.zip")

    with zipfile.ZipFile(path) as bundle:
        names = bundle.namelist()
        pictures = [name for name in names if name.startswith("images/")]
        assert pictures == [f"images/{number:02d}.png" for number in range(1, 9)]
        rows = json.loads(bundle.read("prompts.json"))
        assert [row["prompt"] for row in rows] == [f"小猫，{index}" for index in range(8)]
        scores = json.loads(bundle.read("scores.json"))
        assert scores["mean"] == pytest.approx(6.75) and scores["pictures"]["images/01.png"] == 5.0
        assert scores["is_the_challenges"] is False
        assert "sheet.jpg" in names and "prompts.csv" in names and "prompts.md" in names
        assert "猫的一天" in bundle.read("story.yaml").decode()


def test_the_pictures_in_the_bundle_are_the_scored_bytes(engine, painted, tmp_path):
    with zipfile.ZipFile(engine.export(painted, out=tmp_path / "out.zip")) as bundle:
        pictures = [bundle.read(name) for name in bundle.namelist() if name.startswith("images/")]

    assert pictures == [panel.chosen.picture.read_bytes() for panel in engine.board(painted).panels]


def test_a_picture_that_was_changed_after_scoring_is_not_handed_in(engine, painted, tmp_path):
    chosen = engine.board(painted).panels[2].chosen
    Image.new("RGB", (256, 256), "white").save(chosen.picture)

    with pytest.raises(InvalidInput):
        engine.export(painted, out=tmp_path / "out.zip")
    assert not (tmp_path / "out.zip").exists()


def test_a_missing_picture_blocks_and_is_named(engine, painted):
    first = engine.board(painted).panels[0]
    engine.delete_take(painted, first.scene.id, first.chosen.take.id)

    with pytest.raises(NotReady, match="题0"):
        engine.export(painted)


def test_a_preview_mean_under_the_gate_only_warns(engine, painted):
    states = {item.code: item.state for item in engine.checklist(painted, threshold=9.0)}

    assert states["submit.gate_preview"] == "warning"
    assert engine.export(painted, threshold=9.0).is_file()


def test_the_gate_says_what_drags(engine, painted):
    view = engine.gate(painted)

    assert view.mean == pytest.approx(6.75) and view.distance == pytest.approx(0.75)
    assert view.pulls[0] < 0 < view.pulls[7]


def test_picks_pins_and_settings_of_a_take_come_back(engine, painted):
    panel = engine.board(painted).panels[0]
    take = panel.chosen.take
    engine.pick(painted, panel.scene.id, take.id)
    story = engine.pin(painted, panel.scene.id, take.id)

    assert engine.board(painted).panels[0].is_picked
    assert story.scene(panel.scene.id).pinned and story.scene(panel.scene.id).seed == take.recipe.seed


def test_a_deleted_take_comes_back_with_its_token(engine, painted):
    panel = engine.board(painted).panels[0]

    token = engine.delete_take(painted, panel.scene.id, panel.chosen.take.id)
    assert engine.board(painted).panels[0].chosen is None
    engine.restore_take(token)

    assert engine.board(painted).panels[0].chosen.take == panel.chosen.take
