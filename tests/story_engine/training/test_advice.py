import pytest

from story_engine.domain.run import TrainedPicture
from story_engine.domain.training import SamplePrompt, TrainingSpec
from story_engine.messages import message
from story_engine.training.advice import advice

PICTURES = [TrainedPicture(file="a", sha256="0", caption="墨染，一只猫", width=1, height=1)]


def a_spec(prompt="墨染，一只猫", **changes) -> TrainingSpec:
    fields = {"name": "a", "dataset": "b", "trigger": "墨染", "sample_prompts": (SamplePrompt(prompt=prompt),)}
    return TrainingSpec(**(fields | changes))


@pytest.mark.parametrize(
    "spec, gain, kept, wanted",
    [
        (a_spec(), 0.6, 95.0, []),
        (a_spec(), 0.6, None, []),
        (a_spec(), 0.6, 50.0, ["training.advice_prior"]),
        (a_spec(prior_weight=1.0), 0.6, 50.0, ["training.advice_slower"]),
        (a_spec("a panda by the sea"), 0.1, 95.0, ["training.advice_captions", "training.advice_longer"]),
        (a_spec("a panda by the sea"), None, 95.0, []),
        (a_spec("a panda by the sea"), 0.6, 50.0, ["training.advice_captions", "training.advice_prior"]),
        (a_spec("a panda by the sea"), 0.6, 95.0, []),
    ],
)
def test_what_is_advised_follows_from_what_is_seen(spec, gain, kept, wanted):
    found = advice(spec, PICTURES, gain=gain, kept=kept)

    assert [code for code, _ in found] == wanted
    assert all(message(code, "zh", **values) for code, values in found)
