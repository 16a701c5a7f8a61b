from story_engine.domain.run import TrainedPicture
from story_engine.domain.training import SamplePrompt, TrainingSpec
from story_engine.domain.training_prior import class_prompts, content_of_caption, content_of_sample


def a_spec(**changes) -> TrainingSpec:
    samples = (SamplePrompt(prompt="墨染，二次元，熊猫", content="熊猫"), SamplePrompt(prompt="墨染，二次元，海边"))
    fields = {"name": "a", "dataset": "b", "trigger": "墨染", "other_styles": "二次元，日漫", "sample_prompts": samples}
    return TrainingSpec(**(fields | changes))


def test_what_is_said_of_content_is_taken_and_else_trigger_and_known_styles_are_left_out():
    spec = a_spec()

    assert [content_of_sample(spec, each) for each in spec.sample_prompts] == ["熊猫", "海边"]
    assert (
        content_of_caption(spec, TrainedPicture(file="a", sha256="0", caption="墨染，一只猫", width=1, height=1))
        == "一只猫"
    )


def test_without_prior_preservation_nothing_is_painted():
    assert class_prompts(a_spec(), ["一只猫"]) == ()


def test_captions_come_first_spread_over_all_of_them_and_samples_only_fill_up():
    captions = [f"猫{number}" for number in range(8)]

    assert class_prompts(a_spec(prior_weight=1.0, prior_pictures=4), captions) == (2, 4, 6, 8)
    assert class_prompts(a_spec(prior_weight=1.0, prior_pictures=6), ["猫", ""]) == (2, 0, 1, 2, 0, 1)
    assert class_prompts(a_spec(prior_weight=1.0, sample_prompts=()), ["", ""]) == ()
