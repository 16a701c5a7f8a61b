from story_engine.domain.clinic import examine
from tests.story_engine.domain.test_dataset import an_entry


def codes(kept, **options):
    asked = {"trigger": "", "near_duplicates": {}, "side": 256} | options
    return {finding.code.removeprefix("dataset.clinic_"): finding.state for finding in examine(kept, **asked).findings}


def pictures(*captions, **changes):
    return [an_entry(f"{number}.png", caption=caption, **changes) for number, caption in enumerate(captions)]


def test_nothing_kept_is_said_and_nothing_else():
    assert codes([]) == {"empty": "bad"}


def test_captions_that_are_all_the_same_give_no_trigger():
    found = codes(pictures(*["二次元"] * 30))

    assert found["identical"] == "bad"
    assert found["enough"] == "ok"


def test_nearly_identical_captions_are_a_warning():
    assert codes(pictures(*["anime"] * 19, "a cat"))["nearly_identical"] == "warning"


def test_missing_captions_are_worse_when_all_are_missing():
    assert codes(pictures("", ""))["no_captions"] == "bad"
    assert codes(pictures("", "a cat"))["some_empty"] == "warning"
    assert codes(pictures("a", "b"))["all_captions"] == "ok"


def test_the_trigger_is_looked_for_in_front():
    assert codes(pictures("ink, a", "ink, b"), trigger="ink")["trigger"] == "ok"
    assert codes(pictures("ink, a", "b"), trigger="ink")["trigger_missing"] == "warning"
    assert codes(pictures("a", "b"), trigger="ink")["trigger_missing"] == "bad"
    assert codes(pictures("a", "b"))["no_trigger"] == "warning"


def test_sizes_ratios_and_near_duplicates_are_counted():
    kept = [an_entry("small.png", 100, 400), an_entry("long.png", 2000, 300), an_entry("good.png")]

    found = codes(kept, near_duplicates={"good.png": "small.png"})

    assert (found["small"], found["long"], found["near_duplicates"]) == ("warning", "warning", "warning")


def test_steps_tell_how_often_each_picture_is_seen():
    assert codes(pictures(*"abcdefghij"), steps=500)["steps"] == "ok"
    assert codes(pictures(*"abcdefghij"), steps=50)["steps_few"] == "warning"
    assert codes(pictures(*"ab"), steps=500)["steps_many"] == "warning"


def test_the_histograms_count_every_picture():
    examined = examine(
        pictures(*"abc") + pictures("d", width=1024, height=2000), trigger="", near_duplicates={}, side=256
    )

    assert sum(count for _, count in examined.sizes) == 4
    assert sum(count for _, count in examined.ratios) == 4
