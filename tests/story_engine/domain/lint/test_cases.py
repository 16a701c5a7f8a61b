"""Stories with everything that the linter has to find in them, and nothing else: `tests/cases/lint/*.json`.

An expectation is `code field words`: the words at the first place of the finding. `repaired` gives texts after all
repairs that are no matter of taste.
"""

import json
from pathlib import Path

import pytest

from story_engine.config import PROJECT_FOLDER
from story_engine.domain.lint.finding import PromptFinding
from story_engine.domain.lint.linter import lint, repaired, repairs
from story_engine.domain.story import Story
from story_engine.domain.story_text import Place, after
from story_engine.domain.validation import story_from
from story_engine.store.story_text import read_story

CASES = {
    f"{path.stem}: {case['name']}": case
    for path in sorted((PROJECT_FOLDER / "tests" / "cases" / "lint").glob("*.json"))
    for case in json.loads(path.read_text(encoding="utf-8"))
}
SHIPPED = sorted((PROJECT_FOLDER / "stories").glob("*.yaml"))


def story_of(case: dict) -> Story:
    scenes = [
        {"id": f"s{number}", **({"prompt": scene} if isinstance(scene, str) else scene)}
        for number, scene in enumerate(case["scenes"], start=1)
    ]
    shared = {key: case[key] for key in ("style", "negative", "characters") if key in case}
    return story_from({"schema": 1, "title": "A story", **shared, "scenes": scenes}, file="case")


def text_at(story: Story, place: Place) -> str:
    holder = story if place.scene is None else story.scene(place.scene)
    if place.field == "characters":
        holder = next(each for each in story.characters if each.id == place.part[0])
        return holder.description if place.part[1] == "description" else holder.outfits[place.part[2]]
    return getattr(holder, place.field)


def said(story: Story, finding: PromptFinding) -> str:
    place = finding.places[0]
    words = text_at(story, place)[place.start : place.end]
    return " ".join(filter(None, (finding.code, name_of(place), words.strip(" ,，") or words)))


def name_of(place: Place) -> str:
    return ".".join(filter(None, (place.scene, place.field, *place.part)))


@pytest.mark.parametrize("name", CASES)
def test_exactly_what_is_expected_is_found(name):
    case = CASES[name]
    story = story_of(case)

    assert sorted(said(story, each) for each in lint(story)) == sorted(case["expected"])


@pytest.mark.parametrize("name", CASES)
def test_each_repair_alone_takes_its_finding_away_and_all_of_them_leave_none(name):
    story = story_of(CASES[name])

    for finding in lint(story):
        if finding.edits:
            now = [(each.code, each.places, each.values) for each in lint(repaired(story, finding))]
            assert (finding.code, finding.places, finding.values) not in now

    mended = after(story, repairs(story))
    assert not [each for each in lint(mended) if each.edits and not each.is_matter_of_taste]
    for where, words in CASES[name].get("repaired", {}).items():
        scene, _, field = where.rpartition(".")
        assert text_at(mended, Place(scene=scene or None, field=field)) == words


def test_the_shipped_stories_give_no_false_alarm():
    found = {
        path.name: [said(story, each) for each in lint(story)]
        for path in SHIPPED
        if (story := read_story(Path(path).read_bytes(), file=path.name))
    }

    assert len(found) >= 3 and not {name: each for name, each in found.items() if each}
