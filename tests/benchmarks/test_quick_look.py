import json

from benchmarks.quick_look import known_lines, summary
from benchmarks.quick_look_stories import HIDDEN
from benchmarks.quick_look_style import style_fall
from story_engine.preview_model.world.expected import read_prompt
from tests.story_engine.training.test_style import three_panels


def test_each_of_the_ten_stories_can_be_judged_and_names_its_style_only_where_it_says_so():
    assert len(HIDDEN) == 10 and {hidden.language for hidden in HIDDEN.values()} == {"zh", "en"}
    assert len([hidden for hidden in HIDDEN.values() if hidden.style]) in range(4, 7)
    for name, hidden in HIDDEN.items():
        asked = [read_prompt(prompt) for prompt in hidden.prompts]
        assert len(asked) == 8 and all(each.subject and each.place and each.shot for each in asked), name
        assert not any(each.style for each in asked), name


def test_only_whole_lines_of_the_same_settings_count_as_measured(tmp_path):
    results, asked = tmp_path / "lines.jsonl", {"lora_rank": 16, "weights": "one"}
    lines = [{"story": "fox", "settings": asked}, {"story": "boy", "settings": asked | {"weights": "two"}}]
    results.write_text("\n".join(map(json.dumps, lines)) + '\n{"story": "rob', encoding="utf-8")

    assert [line["story"] for line in known_lines(results, asked)] == ["fox"]
    assert known_lines(tmp_path / "none.jsonl", asked) == []


def test_the_summary_names_the_aim_that_an_arm_misses():
    good = {"story": "fox", "style": "ink", "style_fall": 0.5, "cpu_seconds": 100}
    good |= {"place": {"without": 8, "with": 8}, "subject": {"without": 5, "with": 5}}
    bad = good | {"story": "boy", "style_fall": 0.39, "subject": {"without": 8, "with": 6}}

    said = summary([good, bad])

    assert said["reach"] == {"style_fall": 1, "place": 2, "subject": 1, "cpu_seconds": 2} and said["reach_all"] == 1
    assert said["missed"] == ["boy ink: style_fall, subject"]
    assert summary([])["arms"] == 0


def test_panels_drawn_in_a_style_are_all_the_way_there():
    prompts = ("一只熊猫在森林里，全身", "一只熊猫走在街道上，全身", "一只熊猫在厨房里，上半身")

    moved = style_fall(list(three_panels("panda", "anime")), list(three_panels("panda", "ink")), prompts, "ink")

    assert moved["fall"] > 0.75 and moved["way"] > 0.95
