"""All pictures of a workspace: found by what somebody remembers of them, kept, deleted together and brought back."""

import io
import json
import os
import zipfile

import pytest
from PIL import Image

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.cli.main import DONE, PUT_RIGHT, run
from story_engine.config import Config
from story_engine.domain.gallery import PictureKey, Wanted
from story_engine.domain.recipe import LoraPart
from story_engine.domain.take import Score
from story_engine.errors import ChooseAnother, FixInput, Wait
from tests.builders import a_recipe, a_scene, a_story, a_take


@pytest.fixture
def services(tmp_path):
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


def painted(services, story: str, scene: str = "s1", *, score: float | None = None, **recipe) -> PictureKey:
    made = a_recipe(**recipe)
    colour = (made.seed * 37 % 256, len(made.prompt) * 11 % 256, len(story) * 23 % 256)
    take = services.takes.add(a_take(made, story=story, scene=scene), Image.new("RGB", (64, 64), colour), {})
    if score is not None:
        scorer = services.present_scorer()
        rated = Score(
            picture_sha256=take.picture_sha256, scorer=scorer.name, scorer_version=scorer.version, value=score
        )
        services.scores.add([rated])
    return PictureKey.of(take)


def found(services, **wanted) -> list[PictureKey]:
    return [picture.key for picture in flows.gallery.look(services, Wanted(**wanted)).pictures]


@pytest.fixture
def pictures(services) -> dict[str, PictureKey]:
    sea = services.stories.create("海边的猫", a_story(a_scene(1, title="灯塔"), a_scene(2, title="The storm")))
    city = services.stories.create("City lights", a_story())
    ink = (LoraPart(name="ink", sha256="1" * 64, strength=0.8),)
    return {
        "cat": painted(services, sea, prompt="一只橘色的小猫", seed=11, score=5.0),
        "storm": painted(services, sea, "s2", prompt="a kitten in the storm", seed=12, score=6.5, loras=ink),
        "city": painted(services, city, prompt="a street at night", seed=11, score=4.0),
        "lost": painted(services, "long-gone", prompt="a robot and a kitten", seed=13),
    }


def test_pictures_are_found_by_words_titles_story_lora_seed_and_score(services, pictures):
    cat, storm, city, lost = pictures.values()
    expected = {
        "": ({}, [lost, city, storm, cat]),
        "words of the prompt": ({"words": "小猫"}, [cat]),
        "beginnings": ({"words": "kit"}, [lost, storm]),
        "all words": ({"words": "kitten storm"}, [storm]),
        "title of the scene": ({"words": "灯塔"}, [cat]),
        "title of the story": ({"words": "海边"}, [storm, cat]),
        "slug of a story that is gone": ({"words": "long gone"}, [lost]),
        "story": ({"story": city.story}, [city]),
        "lora": ({"lora": "ink"}, [storm]),
        "without": ({"lora": ""}, [lost, city, cat]),
        "seed": ({"seed": 11}, [city, cat]),
        "no seed at all": ({"seed": 10**30}, []),
        "score": ({"score_from": 4.5, "score_to": 6.0}, [cat]),
        "best": ({"order": "best"}, [storm, cat, city, lost]),
        "worst": ({"order": "worst"}, [city, cat, storm, lost]),
        "oldest": ({"order": "oldest"}, [cat, storm, city, lost]),
        "by story": ({"order": "story"}, [city, lost, cat, storm]),
        "several": ({"words": "猫", "seed": 12, "lora": "ink"}, [storm]),
    }

    assert {name: found(services, **wanted) for name, (wanted, _) in expected.items()} == {
        name: keys for name, (_, keys) in expected.items()
    }


def test_what_has_changed_since_the_last_look_is_found_at_the_next(services, pictures):
    cat, storm, _, lost = pictures.values()
    assert len(found(services)) == 4

    services.stories.rename(cat.story, "Harbour")
    services.takes.delete(*lost)
    new = painted(services, storm.story, "s2", prompt="a whale", seed=9, score=3.0)
    token = services.stories.delete(pictures["city"].story)

    page = flows.gallery.look(services, Wanted())
    assert [picture.key for picture in page.pictures] == [new, pictures["city"], storm, cat]
    assert {story.title: story.shelf for story in page.stories} == {"Harbour": "here", "City lights": "trash"}
    assert found(services, words="harbour whale") == [new] and found(services, words="海边") == []
    assert [picture.can_be_opened for picture in page.pictures] == [True, False, True, True]
    services.stories.restore(token)
    services.stories.remove_scene(cat.story, "s1")
    by_key = {picture.key: picture for picture in flows.gallery.look(services, Wanted()).pictures}
    assert by_key[pictures["city"]].shelf == "here" and by_key[cat].scene_number is None
    assert found(services, score_to=3.5) == [new]


def test_the_index_is_made_again_whatever_becomes_of_it(services, pictures, tmp_path):
    index = services.layout.gallery_index
    expected = found(services)
    assert index.exists() and index.stat().st_mode & 0o077 == 0
    for harm in (b"", b"no database at all" * 400, index.read_bytes()[:9000], None):
        if harm is None:
            index.unlink()
        else:
            index.write_bytes(harm)

        assert found(services) == expected
    index.unlink()
    index.mkdir()  # nothing can be written there
    assert found(services, words="kitten") == [pictures["lost"], pictures["storm"]]
    other = open_services(services.config)
    assert found(other) == expected


def test_favourites_survive_the_index_a_deletion_and_damage_and_are_part_of_no_recipe(services, pictures):
    cat, storm, city, _ = pictures.values()
    before = services.takes.read(*cat)

    flows.gallery.set_favourite(services, [cat, storm, city], True)
    flows.gallery.set_favourite(services, [city], False)
    services.layout.gallery_index.unlink(missing_ok=True)
    assert found(open_services(services.config), favourites=True) == [storm, cat]
    token = flows.gallery.delete(services, [cat])
    assert found(services, favourites=True) == [storm]
    services.takes.restore_many(token)
    assert found(services, favourites=True) == [storm, cat] and services.takes.read(*cat) == before
    with pytest.raises(ChooseAnother):
        flows.gallery.set_favourite(services, [PictureKey("x", "y", "0")], True)
    services.layout.favourites.write_text('{"not": "a list"}', encoding="utf-8")
    assert found(services, favourites=True) == []
    flows.gallery.set_favourite(services, [city], True)
    assert found(services, favourites=True) == [city]
    assert len(list(services.layout.workspace.glob("favourites.json.damaged-*"))) == 1


def test_many_are_deleted_as_one_and_come_back_as_one(services, pictures):
    keys = tuple(pictures.values())
    files = {path: path.read_bytes() for path in services.layout.workspace.glob("takes/*/*/*")}

    token = flows.gallery.delete(services, keys)

    assert found(services) == [] and not list(services.layout.workspace.glob("takes/*/*/*.png"))
    (entry,) = [each for each in flows.disk.measure(services).trash if each.entry.kind == "takes"]
    assert entry.entry.token == token and entry.entry.name == "4"
    flows.disk.restore(services, token)
    assert {path: path.read_bytes() for path in services.layout.workspace.glob("takes/*/*/*")} == files
    with pytest.raises(ChooseAnother):
        services.takes.restore_many(token)
    with pytest.raises(ChooseAnother):
        flows.gallery.delete(services, [PictureKey("a", "b", "c0")])
    for wrong in (PictureKey("..", "..", "c0"), PictureKey("a", "b", "../../x")):
        with pytest.raises((ChooseAnother, FixInput)):
            flows.gallery.delete(services, [wrong])


def test_a_deletion_that_fails_half_way_leaves_everything_where_it_was(services, pictures, monkeypatch):
    moved = []
    real = os.replace

    def full(self, target):
        moved.append(target)
        if len(moved) == 5:
            raise OSError(28, "No space left on device")
        real(self, target)

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(Wait):
        flows.gallery.delete(services, tuple(pictures.values()))
    monkeypatch.undo()

    assert len(found(services)) == 4 and not flows.disk.measure(services).trash


def test_one_damaged_record_in_the_trash_keeps_no_other_picture_there(services, pictures):
    token = flows.gallery.delete(services, tuple(pictures.values()))
    parts = services.layout.trash / token / "parts"
    next(parts.glob("0.*.json")).write_text("{", encoding="utf-8")

    services.takes.restore_many(token)

    assert len(found(services)) == 3 and sorted(path.name[0] for path in parts.iterdir()) == ["0", "0", "0"]


def test_pages_are_of_one_size_and_the_page_behind_the_last_is_the_last(services):
    keys = [painted(services, "a", prompt="p", seed=seed) for seed in range(7)]

    pages = [flows.gallery.page(services, Wanted(), number=number, per_page=3) for number in (1, 3, 9)]

    assert [[picture.take.recipe.seed for picture in page.pictures] for page in pages] == [[6, 5, 4], [0], [0]]
    assert {page.found for page in pages} == {len(keys)}


def test_chosen_pictures_come_as_one_zip(services, pictures):
    with zipfile.ZipFile(io.BytesIO(flows.gallery.zipped(services, tuple(pictures.values())))) as archive:
        assert sorted(name.partition("/")[0] for name in archive.namelist()) == sorted(
            k.story for k in pictures.values()
        )
        assert all(archive.read(name).startswith(b"\x89PNG") for name in archive.namelist())


def test_the_command_line_finds_keeps_deletes_and_restores(services, pictures, capsys, monkeypatch):
    monkeypatch.setenv("STORY_STUDIO_WORKSPACE", str(services.config.workspace))
    monkeypatch.setenv("STORY_STUDIO_STORIES", str(services.config.stories))

    def told(*arguments: str) -> dict:
        assert run([*arguments, "--json"]) == DONE
        return json.loads(capsys.readouterr().out)

    report = told("gallery", "list", "kitten", "--order", "best")
    assert [each["key"] for each in report["pictures"]] == [str(pictures["storm"]), str(pictures["lost"])]
    assert report["found"] == 2 and report["total"] == 4 and report["pictures"][0]["loras"] == {"ink": 0.8}
    told("gallery", "favourite", str(pictures["lost"]))
    assert [each["key"] for each in told("gallery", "list", "--favourites")["pictures"]] == [str(pictures["lost"])]
    token = told("gallery", "delete", str(pictures["lost"]), str(pictures["cat"]))["token"]
    assert told("gallery", "list")["found"] == 2
    assert len(told("gallery", "restore", token)["pictures"]) == 2
    assert run(["gallery", "delete", "no-picture"]) == PUT_RIGHT
    assert "story/scene/take" in capsys.readouterr().err
    assert run(["gallery", "list", "x", "--order", "sideways"]) == 2
