from __future__ import annotations

import json
from urllib.parse import unquote

import pytest
from PIL import Image
from starlette.requests import Request
from streamlit.testing.v1 import AppTest

from pages.parts.compare import cell as compare_cell
from pages.parts.shared.lightbox import Ask, route
from story_engine import flows
from story_engine.domain.edit import Edit
from story_engine.domain.story import LoraUse, Settings
from story_engine.domain.sweep import Axis, Sweep
from story_engine.domain.take import Score
from tests.builders import a_take
from tests.pages.conftest import Studio, texts

STORY = "orange-cat-en"
X, Y = f"compare-kind-x-{STORY}", f"compare-kind-y-{STORY}"


@pytest.fixture
def cat(studio: Studio) -> Studio:
    change(studio, settings=Settings(family="preview"))
    return studio


def change(studio: Studio, **fields: object) -> None:
    story = studio.services.stories.load(STORY)
    edits = [Edit(scene=None, field=name, value=value, seen=getattr(story, name)) for name, value in fields.items()]
    studio.services.stories.edit(STORY, edits)


def a_lora(studio: Studio, *names: str) -> None:
    folder = studio.services.config.workspace / "loras"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.safetensors").write_bytes(name.encode())


def values(app: AppTest, side: str, kind: str):
    return app.text_input(key=f"compare-values-{side}-{kind}-{STORY}")


def a_sweep(x: tuple[object, ...], y: tuple[object, ...] | None = None) -> Sweep:
    axes = [Axis(kind=str(axis[0]), values=tuple(axis[1:])) for axis in (x, y) if axis]
    return Sweep(scene="s1", x=axes[0], y=axes[1] if y else None)


def paint(studio: Studio, sweep: Sweep, *, scores: tuple[float, ...] = ()) -> list[str]:
    """The whole sweep, as a dispatcher would; take ids in painting order."""
    flows.sweep.paint(studio.services, STORY, sweep)
    scorer = studio.services.present_scorer()
    made = []
    for job in flows.queue.jobs(studio.services, story=STORY):
        for item in studio.services.ledger.spec(job.id).items:
            recipe = item.recipe
            picture = Image.new("RGB", (64, 64), (recipe.seed * 30 % 255, recipe.steps % 255, 120))
            take = studio.services.takes.add(a_take(recipe, story=STORY, scene="s1"), picture, {})
            if len(made) < len(scores):
                studio.services.scores.add(
                    [
                        Score(
                            picture_sha256=take.picture_sha256,
                            scorer=scorer.name,
                            scorer_version=scorer.version,
                            value=scores[len(made)],
                        )
                    ]
                )
            made.append(take.id)
        studio.services.ledger.request_cancel(job.id)
    return made


def test_without_a_story_the_page_offers_those_of_the_shelf(studio: Studio):
    app = studio.page("compare")

    assert not app.exception
    assert app.button(key=f"choose-{STORY}")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_first_visit_proposes_seeds_and_says_what_painting_would_take(cat: Studio, language: str):
    app = cat.page("compare", story=STORY, language=language)

    assert not app.exception and not app.error
    assert app.selectbox(key=X).value == "seed"
    assert app.button(key="compare-paint").label.strip() in ("Paint 4", "渲染 4 张")
    assert "4" in texts(app)


def test_painting_queues_the_grid_behind_everything_else(cat: Studio):
    app = cat.page("compare", story=STORY)
    app.selectbox(key=Y).set_value("steps").run()
    values(app, "y", "steps").set_value("5, 10").run()

    app.button(key="compare-paint").click().run()

    assert not app.exception
    job = flows.queue.jobs(cat.services, story=STORY)[0]
    assert len(cat.services.ledger.spec(job.id).items) == 8
    assert [button.key for button in app.button if button.key == "compare-paint"] == []
    app.button(key="compare-cancel").click().run()
    assert flows.queue.jobs(cat.services, story=STORY) == ()
    assert app.button(key="compare-paint")


def test_a_second_visit_finds_everything_again(cat: Studio):
    paint(cat, a_sweep(("seed", 3, 4, 9), ("steps", 5, 10)))

    app = cat.page("compare", story=STORY)

    assert (app.selectbox(key=X).value, app.selectbox(key=Y).value) == ("seed", "steps")
    assert (values(app, "x", "seed").value, values(app, "y", "steps").value) == ("3, 4, 9", "5, 10")
    assert "All 6 pictures are there" in texts(app)
    assert len(app.get("image") or app.get("imgs")) == 6


def test_the_best_cell_has_its_mark_and_says_whose_score_it_is(cat: Studio):
    paint(cat, a_sweep(("seed", 3, 4, 9)), scores=(4.0, 5.5, 5.0))

    app = cat.page("compare", story=STORY)

    assert "5.50" in texts(app)
    assert "preview scorer" in texts(app)


def test_what_is_typed_wrong_is_said_under_the_axes_at_once(cat: Studio):
    app = cat.page("compare", story=STORY)
    app.selectbox(key=Y).set_value("steps").run()

    values(app, "x", "seed").set_value("1, x").run()
    values(app, "y", "steps").set_value("0").run()

    assert not app.exception
    assert '"x" is no value or range' in texts(app) and "0 is outside of 1 to 200" in texts(app)
    assert [button.key for button in app.button if button.key == "compare-paint"] == []


def test_a_strength_without_any_lora_says_what_to_do(cat: Studio):
    app = cat.page("compare", story=STORY)

    app.selectbox(key=X).set_value("strength").run()

    assert not app.exception
    assert "without a LoRA" in texts(app)
    app.button(key="compare-quick").click().run()
    assert "without a LoRA" in texts(app) and not app.exception
    assert flows.queue.jobs(cat.services, story=STORY) == ()


def test_the_quick_strength_sweep_paints_the_scene_s_lora(cat: Studio):
    a_lora(cat, "ink")
    change(cat, loras=(LoraUse(name="ink"),))
    app = cat.page("compare", story=STORY)

    app.button(key="compare-quick").click().run()

    assert not app.exception
    assert app.selectbox(key=X).value == "strength"
    items = cat.services.ledger.spec(flows.queue.jobs(cat.services, story=STORY)[0].id).items
    assert [[part.strength for part in item.recipe.loras] for item in items] == [
        [],
        [0.25],
        [0.5],
        [0.75],
        [1.0],
        [1.25],
    ]


def test_loras_of_the_library_and_none_can_be_compared(cat: Studio):
    a_lora(cat, "ink", "水墨, 淡")
    app = cat.page("compare", story=STORY)

    app.selectbox(key=X).set_value("lora").run()

    assert not app.exception
    assert app.multiselect(key=f"compare-values-x-lora-{STORY}").value == ["", "ink", "水墨, 淡"]
    assert app.button(key="compare-paint").label.strip() == "Paint 3"


def test_a_stand_in_says_that_it_uses_no_lora(studio: Studio):
    a_lora(studio, "ink")
    change(studio, settings=Settings(family="kolors", stand_in="preview"), loras=(LoraUse(name="ink"),))

    app = studio.page("compare", story=STORY)

    assert not app.exception
    assert "a stand-in uses no LoRA" in texts(app)
    assert not {"Strength", "LoRA strength", "LoRA", "Checkpoint"} & set(app.selectbox(key=X).options)
    assert app.button(key="compare-paint")


def test_a_story_whose_model_is_not_here_asks_for_the_stand_in_first(studio: Studio):
    change(studio, settings=Settings(family="kolors"))

    app = studio.page("compare", story=STORY)

    assert not app.exception and app.button(key="use-stand-in")


def test_what_the_lightbox_asks_for_a_cell_is_done(cat: Studio):
    a_lora(cat, "ink")
    first, second = paint(cat, Sweep(scene="s1", x=Axis(kind="strength", values=(0.5, 1.0)), lora="ink"))
    page = cat.page("compare", story=STORY)
    assert [each.label for each in page.button if str(each.key).startswith("look-compare-")]

    def ask(kind: str, take: str) -> None:
        compare_cell.act(Ask(kind=kind, story=STORY, scene="s1", take=take))

    ask("pick", second)
    assert cat.services.takes.picks(STORY) == {"s1": second}
    ask("unpick", second)
    assert cat.services.takes.picks(STORY) == {}
    ask("send", first)
    assert cat.services.stories.load(STORY).loras == (LoraUse(name="ink", strength=0.5),)
    seed = cat.services.takes.read(STORY, "s1", first).recipe.seed
    ask("pin", first)
    scene = cat.services.stories.load(STORY).scene("s1")
    assert (scene.seed, scene.pinned) == (seed, True)
    ask("unpin", first)
    assert not cat.services.stories.load(STORY).scene("s1").pinned


def test_the_cells_of_a_grid_are_read_by_an_address_and_a_hostile_one_is_refused(cat: Studio):
    takes = paint(cat, a_sweep(("seed", 3, 4)))
    (served,) = route.routes()

    def read(address: str) -> tuple[int, list]:
        path, _, query = address.partition("?")
        story = unquote(path.removeprefix("takes/"))
        scope = {"type": "http", "path_params": {"story": story}, "query_string": query.encode()}
        answer = served.endpoint(Request(scope))
        return answer.status_code, json.loads(answer.body)["groups"]

    _, (row,) = read(route.address(STORY, sweep=a_sweep(("seed", 3, 4)), language="zh"))
    _, panels = read(route.address(STORY))

    assert [(each["id"], each["name"], each["opener"]) for each in row["pictures"]] == [
        (takes[0], "3", "compare-0-0"),
        (takes[1], "4", "compare-0-1"),
    ]
    assert len(panels) == 8
    hostile = (route.address("../.."), route.address("nobody"), f"takes/{STORY}?sweep=%7B%7D", f"takes/{STORY}?sweep=x")
    assert [read(each) for each in hostile] == [(404, [])] * 4


def test_an_earlier_grid_is_one_click_away(cat: Studio):
    paint(cat, a_sweep(("seed", 3, 4)))
    paint(cat, a_sweep(("steps", 5, 6)))
    app = cat.page("compare", story=STORY)

    app.menu_button(key=f"compare-earlier-{STORY}").click(1).run()

    assert not app.exception
    assert (app.selectbox(key=X).value, values(app, "x", "seed").value) == ("seed", "3, 4")
