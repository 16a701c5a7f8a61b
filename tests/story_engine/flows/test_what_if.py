"""What another take would make of the mean, from takes on disk."""

import io
import random

import pytest
from PIL import Image, ImageEnhance

from benchmarks.coherence_boards import a_story
from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.take import Score
from story_engine.domain.what_if import scored_square
from story_engine.formats.scored_square import with_scored_square
from tests.builders import a_recipe, a_take


@pytest.fixture
def services(tmp_path):
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


def painted(services, slug, scene, pictures, scores):
    scorer, takes = services.present_scorer(), []
    for number, (picture, score) in enumerate(zip(pictures, scores, strict=True)):
        recipe = a_recipe(prompt=scene, seed=number)
        take = services.takes.add(a_take(recipe, story=slug, scene=scene, number=number), picture, {})
        takes.append(take)
        if score is not None:
            rated = {"picture_sha256": take.picture_sha256, "scorer": scorer.name, "scorer_version": scorer.version}
            services.scores.add([Score(value=score, **rated)])
    return takes


def test_every_take_says_what_the_mean_would_be_with_it(services):
    slug = flows.shelf.create(services, "one")
    first, second = (scene.id for scene in services.stories.load(slug).scenes[:2])
    drawn = a_story(random.Random(1)).board()
    painted(services, slug, first, drawn[:1], [7.0])
    takes = painted(services, slug, second, drawn[1:4], [5.0, 6.0, None])
    flows.takes.pick(services, slug, second, takes[0].id)
    board = flows.panels.open_story(services, slug).board

    newest, better, chosen = flows.what_if.of_panel(services, board, 2)

    assert (better.mean_now, better.mean_then, better.gain) == pytest.approx((6.0, 6.5, 0.5))
    assert chosen.is_chosen and chosen.gain == 0 and not better.is_chosen
    assert newest.mean_then is None and newest.gain is None
    assert {each.same_as_chosen for each in (newest, better, chosen)} == {""}


def test_a_take_that_is_the_chosen_picture_cropped_or_toned_is_told_apart_from_another_picture(services):
    slug = flows.shelf.create(services, "one")
    scene = services.stories.load(slug).scenes[0].id
    picture, other = a_story(random.Random(2)).board()[:2]
    ways = [
        picture,
        picture.crop((25, 25, 231, 231)).resize((256, 256)),
        ImageEnhance.Color(picture).enhance(2.5),
        picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        other,
    ]
    takes = painted(services, slug, scene, ways, [5.0, 5.5, 6.0, 5.0, 6.5])
    flows.takes.pick(services, slug, scene, takes[0].id)
    board = flows.panels.open_story(services, slug).board

    found = flows.what_if.of_panel(services, board, 1)

    assert [each.same_as_chosen for each in reversed(found)] == ["", "crop", "tone", "mirror", ""]


@pytest.mark.parametrize(("size", "box"), [((160, 90), (35, 0, 90)), ((90, 161), (0, 35, 90)), ((64, 64), (0, 0, 64))])
def test_the_scored_square_is_the_middle_one_and_the_rest_is_darkened(size, box):
    square = scored_square(*size)
    assert (square.left, square.top, square.side) == box
    buffer = io.BytesIO()
    Image.new("RGB", size, "orange").save(buffer, "PNG")

    shown = with_scored_square(buffer.getvalue())

    if size[0] == size[1]:
        assert shown is None
        return
    picture = Image.open(io.BytesIO(shown))
    assert picture.size == size
    assert picture.getpixel((size[0] // 2, size[1] // 2))[0] > 240
    assert picture.getpixel((1, 1))[0] < 120 and picture.getpixel((size[0] - 2, size[1] - 2))[0] < 120
