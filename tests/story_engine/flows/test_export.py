"""From takes on disk to the zip, with the real stores and an engine that paints nothing."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.resolve import resolve
from story_engine.domain.take import Score
from story_engine.errors import InvalidInput, NotReady
from story_engine.flows import bundle_plan
from tests.agreeing_script import agreeing_script
from tests.builders import a_take


def unzipped(path):
    """Names inside the bundle's one folder → content."""
    with zipfile.ZipFile(path) as bundle:
        folders = {name.partition("/")[0] for name in bundle.namelist()}
        assert len(folders) == 1, folders
        return {name.partition("/")[2]: bundle.read(name) for name in bundle.namelist()}


@pytest.fixture
def services(tmp_path, monkeypatch):
    # Scores are made up here; that the script really runs is the business of test_gate.py.
    monkeypatch.setattr("story_engine.bootstrap.run_challenge_script", agreeing_script)
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


@pytest.fixture
def painted(services):
    """A story of eight scenes, each with a take of its own colour and a score; its slug."""
    slug = flows.shelf.create(services, "猫的一天")
    story = services.stories.load(slug)
    parts = services
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


def test_the_bundle_holds_pictures_prompts_scores_and_the_sheet_beside_them(services, painted, tmp_path):
    entries = unzipped(flows.export.export(services, painted, out=tmp_path / "out.zip", anyway=True))

    pictures = [name for name in entries if name.startswith("images/")]
    assert pictures == [f"images/{number:02d}.png" for number in range(1, 9)]
    rows = json.loads(entries["prompts.json"])
    assert [row["prompt"] for row in rows] == [f"小猫，{index}" for index in range(8)]
    scores = json.loads(entries["scores.json"])
    assert scores["mean"] == pytest.approx(6.75) and scores["pictures"]["images/01.png"] == 5.0
    assert scores["is_the_challenges"] is False
    assert {"contact_sheet.jpg", "prompts.csv", "prompts.md"} <= entries.keys()
    assert "猫的一天" in entries["story.yaml"].decode()


def test_the_bundle_is_named_as_the_challenge_asks(services, painted):
    path = flows.export.export(services, painted, anyway=True)

    assert path.name == "可图Kolors训练-猫的一天.zip"
    with zipfile.ZipFile(path) as bundle:
        assert all(name.startswith("可图Kolors训练-猫的一天/") for name in bundle.namelist())


def test_the_pictures_in_the_bundle_are_the_scored_bytes(services, painted, tmp_path):
    entries = unzipped(flows.export.export(services, painted, out=tmp_path / "out.zip", anyway=True))
    pictures = [content for name, content in entries.items() if name.startswith("images/")]

    assert pictures == [
        panel.chosen.picture.read_bytes() for panel in flows.panels.open_story(services, painted).board.panels
    ]


def test_a_picture_that_was_changed_after_scoring_is_not_handed_in(services, painted, tmp_path):
    chosen = flows.panels.open_story(services, painted).board.panels[2].chosen
    Image.new("RGB", (256, 256), "white").save(chosen.picture)

    with pytest.raises(InvalidInput):
        flows.export.export(services, painted, out=tmp_path / "out.zip", anyway=True)
    assert not (tmp_path / "out.zip").exists()


def test_a_missing_picture_blocks_and_is_named(services, painted):
    first = flows.panels.open_story(services, painted).board.panels[0]
    services.takes.delete(painted, first.scene.id, first.chosen.take.id)

    with pytest.raises(NotReady, match="题0"):
        flows.export.export(services, painted)


def test_a_preview_mean_under_the_gate_only_warns(services, painted):
    states = {item.code: item.state for item in flows.export.checklist(services, painted, threshold=9.0)}

    assert states["submit.gate_preview"] == "warning"
    assert flows.export.export(services, painted, threshold=9.0, anyway=True).is_file()


def test_the_gate_says_what_drags(services, painted):
    view = flows.export.gate_view(services, painted)

    assert view.mean == pytest.approx(6.75) and view.distance == pytest.approx(0.75)
    assert view.pulls[0] < 0 < view.pulls[7]


def test_picks_pins_and_settings_of_a_take_come_back(services, painted):
    panel = flows.panels.open_story(services, painted).board.panels[0]
    take = panel.chosen.take
    flows.takes.pick(services, painted, panel.scene.id, take.id)
    story = flows.takes.pin(services, painted, panel.scene.id, take.id)

    assert flows.panels.open_story(services, painted).board.panels[0].is_picked
    assert story.scene(panel.scene.id).pinned and story.scene(panel.scene.id).seed == take.recipe.seed


def test_a_deleted_take_comes_back_with_its_token(services, painted):
    panel = flows.panels.open_story(services, painted).board.panels[0]

    token = services.takes.delete(painted, panel.scene.id, panel.chosen.take.id)
    assert flows.panels.open_story(services, painted).board.panels[0].chosen is None
    services.takes.restore(token)

    assert flows.panels.open_story(services, painted).board.panels[0].chosen.take == panel.chosen.take


def test_a_pick_made_during_an_export_does_not_tear_scores_and_pictures_apart(services, painted, tmp_path, monkeypatch):
    """Another tab picks while the zip is being planned: the bundle is that of the moment before, as a whole."""
    services, scorer = services, services.present_scorer()
    worse = {}
    story = services.stories.load(painted)
    for scene in story.scenes:
        recipe = resolve(story, scene, 1, family=services.families()["preview"], loras={})
        stored = services.takes.add(
            a_take(recipe, scene=scene.id, story=painted, number=1), Image.new("RGB", (64, 64)), {}
        )
        sha256, version = stored.picture_sha256, scorer.version
        services.scores.add([Score(picture_sha256=sha256, scorer=scorer.name, scorer_version=version, value=1.0)])
        worse[scene.id] = stored.id
    plan = bundle_plan.plan_bundle

    def plan_while_another_tab_picks(board):
        planned = plan(board)
        for scene, take in worse.items():
            flows.takes.pick(services, painted, scene, take)
        return planned

    monkeypatch.setattr(bundle_plan, "plan_bundle", plan_while_another_tab_picks)

    entries = unzipped(flows.export.export(services, painted, out=tmp_path / "out.zip", anyway=True))
    scores = json.loads(entries["scores.json"])
    recipes = json.loads(entries["recipes.json"])
    sums = {name: hashlib.sha256(entries[name]).hexdigest() for name in recipes}

    assert scores["mean"] == pytest.approx(sum(scores["pictures"].values()) / 8) == pytest.approx(6.75)
    assert {name: recipe["picture_sha256"] for name, recipe in recipes.items()} == sums


def test_the_bundle_says_what_the_story_says_and_nothing_that_was_only_for_its_author(services, painted, tmp_path):
    file = services.config.stories / f"{painted}.yaml"
    secret = "hf_SECRETSECRETSECRET"
    text = file.read_text(encoding="utf-8").replace("scenes:", f"scenes: # {secret} in the middle")
    file.write_text(f"# token: {secret}\n{text}\n# /home/someone/{secret}\n", encoding="utf-8")
    assert secret in services.stories.text(painted)

    entries = unzipped(flows.export.export(services, painted, out=tmp_path / "out.zip", anyway=True))

    for name, content in entries.items():
        assert secret.encode() not in content, name
        assert str(tmp_path).encode() not in content, name
        assert str(Path.home()).encode() + b"/" not in content, name
    assert secret in services.stories.text(painted)
    shelf = tmp_path / "elsewhere"
    shelf.mkdir()
    (shelf / "again.yaml").write_bytes(entries["story.yaml"])
    again = open_services(Config(workspace=tmp_path / "w2", stories=shelf)).stories.load("again")
    assert again.model_copy(update={"revision": 0}) == services.stories.load(painted).model_copy(update={"revision": 0})


def test_what_the_script_said_stands_beside_the_scores(services, painted, tmp_path):
    entries = unzipped(flows.export.export(services, painted, out=tmp_path / "out.zip", anyway=True))

    said = json.loads(entries["scores.json"])["challenge_script"]
    assert said["mean"] == 6.75 and said["pictures"]["08.png"] == 8.5 and "seconds" not in said
