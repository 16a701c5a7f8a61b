from __future__ import annotations

from collections.abc import Callable
from zipfile import ZipFile

import pytest

from story_engine import flows
from story_engine.cli.report import board_report
from story_engine.domain.edit import Edit
from story_engine.domain.take import Score
from story_engine.store.scores import ScoreStore
from story_engine.store.story_file import StoryFile
from story_engine.store.takes import TakeStore
from tests.pages.conftest import Studio, texts

STORY = "orange-cat-en"


def test_an_unpainted_story_is_told_what_is_missing_and_cannot_be_exported(studio: Studio):
    app = studio.page("submit", story=STORY, language="zh")

    assert not app.exception
    assert app.button(key="export").disabled
    assert "submit-rescore" not in {button.key for button in app.button}, "there is nothing to score"
    assert "没有画面" in "\n".join(bar.proto.text for bar in app.get("progress"))


def test_the_gate_moves_with_its_threshold_and_says_that_the_score_is_a_preview(studio: Studio):
    studio.painted(STORY, score=5.0)
    app = studio.page("submit", story=STORY)
    assert app.metric[0].delta == "-1.00"

    app.number_input(key="gate_threshold").set_value(4.5).run()

    assert app.metric[0].value == "5.00"
    assert app.metric[0].delta == "+0.50"
    assert "not the challenge's" in texts(app)


def test_a_mean_that_just_misses_the_gate_is_no_negative_zero_away(studio: Studio):
    studio.painted(STORY, score=5.999)
    app = studio.page("submit", story=STORY)

    assert app.metric[0].delta == "0.00"
    app.number_input(key="gate_threshold").set_value(9.5).run()
    assert app.metric[0].delta == "-3.50"


def test_a_score_just_below_nothing_reads_as_nothing(studio: Studio):
    studio.painted(STORY, score=-0.001)
    app = studio.page("submit", story=STORY)

    assert app.metric[0].value == "0.00"
    shown = [bar.proto.text for bar in app.get("progress")]
    assert all("0.00" in text and "-0.00" not in text for text in shown)
    assert "-0.00" not in texts(app)
    assert "-0.00" not in texts(studio.page("story", story=STORY))
    assert "-0.00" not in board_report(studio.services, STORY)[1]


def test_a_painted_story_is_exported_and_its_files_are_listed(studio: Studio):
    studio.painted(STORY, score=7.0)
    app = studio.page("submit", story=STORY)

    assert app.button(key="export").disabled  # a practice bundle: its maker has to say so
    app.checkbox(key=f"anyway-{STORY}").check().run()
    studio.export(app)

    assert not app.exception
    assert not app.error
    bundle = app.session_state[f"bundle-{STORY}"]
    assert "prompts.csv" in texts(app)
    assert len([name for name in ZipFile(bundle).namelist() if "/images/" in name]) == 8


def test_without_a_story_the_page_offers_those_of_the_shelf(studio: Studio):
    app = studio.page("submit")

    assert not app.exception
    assert any(button.key == f"choose-{STORY}" for button in app.button)


def test_one_run_of_the_page_reads_story_and_board_once(studio: Studio, monkeypatch: pytest.MonkeyPatch):
    studio.painted(STORY, score=5.0)
    app = studio.page("submit", story=STORY)
    read: list[str] = []
    for kind, name in (
        (StoryFile, "state"),
        (TakeStore, "takes"),
        (ScoreStore, "scores"),
        (TakeStore, "picks"),
    ):
        monkeypatch.setattr(kind, name, _counted(getattr(kind, name), name, read))

    app.run()

    assert not app.exception
    assert sorted(read) == ["picks", "scores", "state", "takes"]


def _counted(method: Callable[..., object], name: str, read: list[str]) -> Callable[..., object]:
    def counted(*args: object, **values: object) -> object:
        read.append(name)
        return method(*args, **values)

    return counted


def test_a_board_goes_to_another_tool_with_a_word_on_what_will_differ(studio: Studio):
    app = studio.page("submit", story=STORY)
    assert not app.selectbox  # nothing is written before it is asked for
    app.session_state[f"elsewhere-{STORY}"] = True
    app.run()

    assert not app.exception
    assert [box.key for box in app.selectbox] == [f"elsewhere-{STORY}-tool", f"elsewhere-{STORY}-scene"]
    app.selectbox(key=f"elsewhere-{STORY}-tool").set_value("a1111").run()
    assert "A1111 does not run Kolors" in texts(app)


def test_the_comic_page_is_shown_as_it_is_laid_out_and_says_what_has_no_letters(studio: Studio):
    studio.painted(STORY)
    caption = studio.services.stories.load(STORY).scene("s1").caption
    studio.services.stories.edit(STORY, [Edit(scene="s1", field="caption", value="龘", seen=caption)])
    app = studio.page("submit", story=STORY)
    assert not [box for box in app.selectbox if box.key == f"comic-layout-{STORY}"]

    app.session_state[f"comic-{STORY}"] = True
    app.run()
    app.selectbox(key=f"comic-layout-{STORY}").set_value("column").run()
    app.checkbox(key=f"comic-vertical-{STORY}").check().run()

    assert not app.exception
    chosen = flows.comic.options(studio.services, STORY)
    assert (chosen.layout, chosen.vertical) == ("column", True)
    assert any("U+9F98" in warning.value.replace("\\", "") for warning in app.warning)


def test_the_sheet_s_layout_is_kept_for_the_bundle(studio: Studio):
    studio.painted(STORY)
    app = studio.page("submit", story=STORY)

    app.segmented_control(key=f"sheet-{STORY}").set_value("4x2").run()

    assert not app.exception
    assert flows.comic.options(studio.services, STORY).sheet == "4x2"


def test_details_save_themselves_and_name_the_bundle(studio: Studio):
    studio.painted(STORY, score=7.0)
    app = studio.page("submit", story=STORY)

    app.text_input(key=f"hand-in:{STORY}:team").set_value("猫队").run()

    assert studio.services.hand_ins.load(STORY).team == "猫队"
    assert "猫队-可图Kolors训练-" in texts(app)
    assert "no name yet" not in texts(app)


def test_a_detail_that_another_tab_has_written_is_shown_with_both_texts(studio: Studio):
    studio.painted(STORY, score=7.0)
    app = studio.page("submit", story=STORY)
    studio.services.hand_ins.edit(STORY, "team", "狗队", seen="")

    app.text_input(key=f"hand-in:{STORY}:team").set_value("猫队").run()

    assert studio.services.hand_ins.load(STORY).team == "狗队"
    assert {"猫队", "狗队"} <= {block.value for block in app.code}
    app.button(key=f"keep-mine-hand-in:{STORY}:team").click().run()
    assert studio.services.hand_ins.load(STORY).team == "猫队"


def test_a_machine_without_kolors_says_that_its_bundle_is_for_practice(studio: Studio):
    studio.painted(STORY, score=7.0)

    told = texts(studio.page("submit", story=STORY, language="zh"))

    assert "练习用的投稿包" in told and "预览模型渲染" in told and "实名认证" in told


def test_another_take_says_what_the_mean_would_be_before_it_is_picked(studio: Studio):
    studio.painted(STORY, score=5.0)
    scenes = [scene.id for scene in studio.services.stories.load(STORY).scenes]
    studio.painted(STORY, scenes[0], takes=2)
    first, other = studio.takes(STORY, scenes[0])
    scorer = studio.services.present_scorer()
    better = {"picture_sha256": other.take.picture_sha256, "scorer": scorer.name, "scorer_version": scorer.version}
    studio.services.scores.add([Score(value=6.6, **better)])
    flows.takes.pick(studio.services, STORY, scenes[0], first.take.id)
    app = studio.page("submit", story=STORY)

    button = app.button(key=f"what-if-pick-{scenes[0]}-{other.take.id}")
    assert not app.exception
    assert button.label == "5.20 (+0.20)"
    assert "Panel 1 → take 2: 5.00 → 5.20" in button.help

    button.click().run()
    assert not app.exception
    assert app.metric[0].value == "5.20"


def test_coherence_is_told_with_its_table_and_offers_what_it_lacks(studio: Studio):
    studio.painted(STORY, score=5.0)
    for language, words in (("en", "Panels 1 and 2 look like one picture"), ("zh", "看起来是同一张画面")):
        app = studio.page("submit", story=STORY, language=language)

        assert not app.exception
        assert words in texts(app)  # all panels of one colour
        table = next(each.value for each in app.get("html") if "<table>" in str(each.value))
        assert table.count('scope="row"') == 8 and "<script" not in table

    app.button(key="coherence-render-other_seeds").click().run()
    assert not app.exception
    assert studio.services.ledger.jobs(story=STORY)[-1].kind == "render"


def test_panels_that_are_older_than_the_story_are_one_line_with_the_way_to_new_ones(studio: Studio):
    studio.painted("orange-cat-en", takes=1)
    app = studio.page("submit", story="orange-cat-en")
    line = next(each.value for each in app.markdown if "Painted before the story was changed" in each.value)
    assert "1 An ordinary morning" in line and "8 Home again" in line

    app.button(key="render-outdated").click().run()

    (job,) = flows.queue.jobs(studio.services, story="orange-cat-en")
    assert len(job.scenes) == 8


def test_a_script_that_was_cancelled_says_so_and_writes_nothing(studio: Studio):
    studio.painted(STORY, score=7.0)
    app = studio.page("submit", story=STORY)
    app.checkbox(key=f"anyway-{STORY}").check().run()
    app.button(key="export").click().run()
    (job,) = flows.queue.jobs(studio.services, story=STORY)
    assert job.kind == "gate" and app.button(key="export").disabled
    assert "challenge's own script" in texts(app)

    app.button(key=f"cancel-{job.id}").click().run()

    assert not app.exception and "script was stopped" in texts(app)
    assert not app.button(key="export").disabled and f"bundle-{STORY}" not in app.session_state
