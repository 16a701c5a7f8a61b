import pytest
from pydantic import ValidationError

from story_engine.domain.training import (
    SamplePrompt,
    TrainingSpec,
    problems,
)
from story_engine.domain.training_limits import LIMITS
from story_engine.domain.training_presets import PRESETS
from story_engine.domain.training_text import read_spec
from tests.builders import KOLORS, PREVIEW


def a_spec(**changes) -> TrainingSpec:
    return TrainingSpec(**({"name": "Ink", "dataset": "ink"} | changes))


def codes(found):
    return {(problem.where, problem.code) for problem in found}


def test_the_challenges_parameters_are_the_defaults():
    spec = a_spec()

    assert (spec.lora_rank, spec.lora_alpha, spec.max_epochs, spec.steps_per_epoch) == (16, 4.0, 1, 500)
    assert (spec.batch_size, spec.learning_rate, spec.steps) == (1, 1e-4, 500)


def test_a_spec_round_trips():
    spec = a_spec(
        sample_prompts=(SamplePrompt(prompt="一只猫", seed=3, title="一"),), target_modules=("attn2.to_q", "ff")
    )

    assert TrainingSpec.model_validate_json(spec.model_dump_json()) == spec


def test_an_unknown_field_is_refused():
    with pytest.raises(ValidationError):
        a_spec(rank=4)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("family", ["preview", "kolors"])
def test_every_preset_can_be_trained(preset, family):
    spec = a_spec(**({"family": family} | PRESETS[preset]))

    assert problems(spec, captions=["a cat"], family={"preview": PREVIEW, "kolors": KOLORS}[spec.family]) == ()


@pytest.mark.parametrize("field", LIMITS)
def test_both_ends_of_every_range_are_accepted_and_nothing_beyond(field):
    least, most = LIMITS[field]
    kind = type(getattr(a_spec(), field))

    def outside(value):
        spec = a_spec().model_copy(update={field: kind(value)})
        return (field, "training.out_of_range") in codes(problems(spec))

    assert not outside(least) and not outside(most)
    assert outside(least - 1) and outside(most + 1)


@pytest.mark.parametrize(
    ("changes", "where", "code", "shown"),
    [
        ({"lora_rank": 0}, "lora_rank", "training.out_of_range", "0"),
        ({"lora_rank": 4096}, "lora_rank", "training.out_of_range", "4096"),
        ({"learning_rate": 10.0}, "learning_rate", "training.out_of_range", "10"),
        ({"learning_rate": float("nan")}, "learning_rate", "training.out_of_range", "nan"),
        ({"resolution": 250}, "resolution", "training.not_a_multiple", "192, 256"),
        ({"resolution": 1024}, "resolution", "training.too_large_for_family", "768"),
        ({"lr_warmup_steps": 500}, "lr_warmup_steps", "training.only_warmup", "500"),
        ({"min_timestep": 800, "max_timestep": 100}, "min_timestep", "training.timesteps", "800"),
        ({"precision": "int8"}, "precision", "training.unknown_choice", "int8"),
        ({"target_modules": ()}, "target_modules", "training.no_targets", "to_q"),
        ({"target_modules": ("to_w",)}, "target_modules", "training.unknown_choice", "to_w"),
        ({"family": "sdxl"}, "family", "training.unknown_choice", "sdxl"),
        ({"name": "a/b"}, "name", "story.name_character", "/"),
        ({"name": "Taken"}, "name", "training.name_taken", "Taken"),
        ({"dataset": ""}, "dataset", "training.no_dataset", "dataset"),
        ({"max_epochs": 1000, "steps_per_epoch": 100_000}, "max_epochs", "training.too_many_steps", "100000000"),
        ({"sample_prompts": (SamplePrompt(prompt="x"),) * 17}, "sample_prompts", "training.too_many_samples", "17"),
        ({"batch_size": 64, "gradient_accumulation_steps": 64}, "batch_size", "training.too_many_together", "4096"),
    ],
)
def test_each_wrong_value_is_named_with_what_would_be_accepted(changes, where, code, shown):
    found = problems(a_spec(**changes), family=PREVIEW, taken=("Taken",))

    problem = next(problem for problem in found if (problem.where, problem.code) == (where, code))
    assert problem.blocks and shown in problem.text("en") and problem.text("zh")


def test_everything_wrong_is_told_at_once():
    found = problems(a_spec(name="", lora_rank=0, learning_rate=10.0, precision="x"), captions=[])

    assert {where for where, _ in codes(found)} == {"name", "lora_rank", "learning_rate", "precision", "pictures"}


def test_pictures_without_any_words_cannot_be_trained_and_with_a_trigger_they_can():
    assert codes(problems(a_spec(), captions=["", " "])) == {("pictures", "training.no_words")}

    warned = problems(a_spec(trigger="inkwash"), captions=["", " "])
    assert codes(warned) == {("pictures", "training.some_without_caption")} and not warned[0].blocks


def test_a_high_learning_rate_is_warned_of_not_refused():
    found = problems(a_spec(family="kolors", learning_rate=5e-3), family=KOLORS)

    assert codes(found) == {("learning_rate", "training.fast")} and not found[0].blocks


def test_a_spec_of_an_earlier_version_is_read_with_the_names_of_now():
    old = {"name": "Ink", "dataset": "ink", "smallest_timestep": 10, "largest_timestep": 1000}

    for spec in (TrainingSpec.model_validate(old), read_spec(old, file="ink.yaml")):
        assert (spec.min_timestep, spec.max_timestep) == (10, 1000)


def test_prior_preservation_is_refused_without_the_word_that_tells_the_two_kinds_of_pictures_apart():
    assert ("prior_weight", "training.prior_without_trigger") in codes(problems(a_spec(prior_weight=1.0)))
    assert not problems(a_spec(prior_weight=1.0, trigger="墨染"))
