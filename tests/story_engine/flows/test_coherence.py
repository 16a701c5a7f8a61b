"""How boards of drawn takes are judged, from pictures on disk to sentences."""

import random
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from benchmarks.coherence_boards import a_story, odd_panel
from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.edit import Edit
from story_engine.domain.recipe import LoraPart
from story_engine.domain.resolve import resolve
from story_engine.errors import FixInput
from story_engine.flows.coherence_words import as_html, remarks
from story_engine.preview_model.world.drawing import draw
from story_engine.scoring.aesthetics import score_pictures
from tests.builders import a_take

ODD = 5


@pytest.fixture
def services(tmp_path, monkeypatch):
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


def damage(picture):
    """Its size and end stay, so that it is listed."""
    content = bytearray(picture.read_bytes())
    content[10:60] = bytes(50)
    picture.write_bytes(content)


class Author:
    """Puts drawings on a board, as a render would."""

    def __init__(self, services):
        self.services = services
        self.slug = flows.shelf.create(services, "<b>故事</b> | one")
        self.story = services.stories.load(self.slug)

    def paint(self, pictures, *, seed=0, lora=False):
        takes = []
        for scene, picture in zip(self.story.scenes, pictures, strict=True):
            recipe = resolve(self.story, scene, seed, family=self.services.families()["preview"], loras={})
            loras = (LoraPart(name="ink", sha256="a" * 64, strength=1.0),) if lora else ()
            recipe = recipe.model_copy(update={"loras": loras})
            take = a_take(recipe, story=self.slug, scene=scene.id, number=seed)
            takes.append(self.services.takes.add(take, picture, {}))
        return takes

    def choose(self, takes):
        for take in takes:
            flows.takes.pick(self.services, self.slug, take.scene, take.id)

    def score(self):
        score_pictures((self.services.layout.workspace / "takes").rglob("*.png"), self.services.layout)

    def report(self):
        return flows.coherence.report(self.services, self.slug)


@pytest.fixture
def author(services):
    return Author(services)


@pytest.fixture(scope="module")
def drawn():
    return a_story(random.Random(3))


def test_a_board_of_one_hand_with_an_odd_panel_names_it(author, drawn):
    rng = random.Random(4)
    pictures = drawn.board()
    author.choose(author.paint(pictures))
    author.score()
    even = author.report()

    pictures[ODD - 1] = odd_panel(rng, replace(drawn.scenes[ODD - 1], seed=9))
    author.choose(author.paint(pictures, seed=1))
    author.score()
    report = author.report()

    assert even.unseen == 0 and even.cosines and not even.copies
    assert report.weakest_panel == ODD and report.distance > even.distance
    assert ODD in (report.weakest_pair.first, report.weakest_pair.second)
    assert np.allclose(np.array(report.distances), np.array(report.distances).T)


def test_copies_are_named_although_they_lie_closest(author, drawn):
    one = drawn.board()[0]
    wide = one.resize((300, 300)).crop((20, 10, 280, 270)).resize((256, 256))
    author.choose(author.paint([one, *([wide] * 3), *drawn.board()[4:]]))
    author.score()

    report = author.report()
    told = remarks(report, uses_lora=False)

    assert {(copy.first, copy.second) for copy in report.copies} >= {(1, 2), (2, 3), (3, 4)}
    assert told[0].is_warning and told[0].code == "coherence.copies"
    assert "3 more pairs" in "\n".join(each.text("en") for each in told)


def test_boards_of_other_seeds_and_without_lora_are_what_a_board_is_held_against(author, drawn):
    chosen = author.paint(drawn.board(), lora=True)
    author.choose(chosen)
    author.score()
    alone = author.report()
    assert alone.compared("other_seeds") is None and alone.compared("without_lora") is None
    assert {"coherence.no_other_seeds", "coherence.no_without_lora"} <= {each.code for each in remarks(alone)}
    assert flows.coherence.missing_kinds(author.services, author.slug) == ("other_seeds", "without_lora")

    rng = random.Random(8)
    author.paint([odd_panel(rng, scene) for scene in drawn.scenes], seed=1, lora=True)
    author.paint([draw(replace(scene, style="crayon", seed=scene.seed + 1)) for scene in drawn.scenes])
    author.score()
    report = author.report()

    seeds, bare = report.compared("other_seeds"), report.compared("without_lora")
    assert seeds.panels == bare.panels == 8
    assert seeds.boards == seeds.closer_than == 1 and seeds.ratio < 1  # one hand beside eight
    assert bare.boards == 1 and bare.here == pytest.approx(report.distance, abs=1e-3)
    assert flows.coherence.missing_kinds(author.services, author.slug) == ()


def test_a_score_of_an_earlier_version_is_looked_at_again_on_demand(author, drawn):
    author.choose(author.paint(drawn.board()))
    services = author.services
    before = author.report()
    assert before.unseen == 8 and before.distance > 0  # line, grain and colour alone
    assert "coherence.unseen" in {each.code for each in remarks(before)}

    submitted = flows.coherence.look(services, author.slug)
    spec = services.ledger.spec(submitted.job)
    assert submitted.queued == len(spec.takes) == 8
    author.score()

    assert author.report().unseen == 0
    assert flows.coherence.look(services, author.slug).job is None


def test_what_people_wrote_stays_text_in_the_fragment(author, drawn):
    scene = author.story.scenes[0]
    title = Edit(scene=scene.id, field="title", value="<script>x</script>|", seen=scene.title)
    author.services.stories.edit(author.slug, [title])
    author.choose(author.paint(drawn.board()))

    for language in ("en", "zh"):
        html = as_html(author.report(), language)
        assert "<script" not in html and "&lt;script&gt;" in html
        assert html.count('scope="row"') == html.count('scope="col"') == 8
        assert "style=" not in html and "%" not in html  # for a page with a strict policy; and no bare percentage


def test_a_board_without_pictures_is_told_to_render(author):
    with pytest.raises(FixInput) as caught:
        author.report()

    assert caught.value.code == "submit.no_pictures"


def test_figures_that_were_kept_are_not_read_off_the_pictures_again(author, drawn):
    author.choose(author.paint(drawn.board()))
    first = author.report()
    file = next(author.services.layout.scores.glob("figures-*.jsonl"))
    with file.open("a", encoding="utf-8") as torn:
        torn.write('{"picture_sha256": "ab')
    for picture in (author.services.layout.workspace / "takes").rglob("*.png"):
        damage(picture)

    assert author.report() == first


def test_a_picture_that_cannot_be_read_is_named(author, drawn):
    takes = author.paint(drawn.board())
    author.choose(takes)
    damage(author.services.takes.picture(takes[2]))

    with pytest.raises(FixInput, match=takes[2].id):
        author.report()


def test_pictures_of_one_colour_and_tiny_ones_have_figures_too(author):
    sizes = [(1, 1), (3, 900), (64, 64), (256, 256), (900, 3), (65, 64), (64, 65), (10, 10)]
    author.choose(author.paint([Image.new("RGB", size, (index * 30, 20, 90)) for index, size in enumerate(sizes)]))
    author.score()

    report = author.report()

    assert np.isfinite(np.array(report.distances)).all() and len(report.panels) == 8
