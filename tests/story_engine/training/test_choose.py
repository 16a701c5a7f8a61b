import pytest

from story_engine.domain.job_result import StepScore
from story_engine.errors import Cancelled
from story_engine.messages import message
from story_engine.store.runs import RunStore
from story_engine.training.choose import choose, recommend
from tests.story_engine.training.small_training import PROMPT, new_run, trained, training_workspace


def a_score(step, distance, score=6.0, has_checkpoint=True, adherence=None, strength=1.0) -> StepScore:
    return StepScore(
        step=step,
        strength=strength,
        score=score,
        distance=distance,
        has_checkpoint=has_checkpoint,
        adherence=adherence,
    )


def chosen_of(scores):
    found = choose(scores)
    return found.step, found.strength, found.reasons


def never():
    return False


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory):
    """A run with samples of two seeds, what was said of it, and how far that was at each picture."""
    layout = training_workspace(tmp_path_factory.mktemp("run"))
    prompts = (PROMPT, PROMPT.model_copy(update={"seed": 9}))
    run = new_run(layout, sample_every=4, sample_prompts=prompts, learning_rate=0.02)
    trained(layout, run)
    reported = []
    return layout, run, recommend(layout, run, report=reported.append, should_stop=never), reported


BASE = a_score(0, 1.0, has_checkpoint=False)


def test_the_earliest_checkpoint_with_nearly_all_of_the_gain_is_chosen():
    chosen, _, reasons = chosen_of([BASE, a_score(40, 0.8), a_score(80, 0.51), a_score(120, 0.5)])

    assert chosen == 80
    assert [code for code, _ in reasons] == [
        "training.choice_nearer",
        "training.choice_score",
        "training.choice_levels_off",
    ]
    assert "49 %" in message(reasons[0][0], "en", **reasons[0][1])


def test_what_lost_its_looks_is_left_out():
    chosen, _, reasons = chosen_of([BASE, a_score(40, 0.7, score=5.9), a_score(80, 0.3, score=5.0)])

    assert chosen == 40 and "80" in message(
        "training.choice_left_out", "en", **dict(reasons)["training.choice_left_out"]
    )


def test_where_all_lost_their_looks_the_least_loss_is_named():
    chosen, _, reasons = chosen_of([BASE, a_score(40, 0.7, score=4.9), a_score(80, 0.3, score=4.0)])

    assert chosen == 40 and reasons[0][0] == "training.choice_all_worse"


def test_what_no_longer_paints_its_prompts_is_left_out():
    base = a_score(0, 1.0, has_checkpoint=False, adherence=0.2)

    chosen, _, reasons = chosen_of([base, a_score(40, 0.7, adherence=0.19), a_score(80, 0.3, adherence=0.05)])

    assert chosen == 40
    assert dict(reasons)["training.choice_content_lost"]["steps"] == "80"
    assert dict(reasons)["training.choice_content"]["percent"] == 95


def test_where_all_lost_their_content_the_one_with_the_most_of_both_is_named_and_not_the_one_that_hardly_moved():
    base = a_score(0, 1.0, has_checkpoint=False, adherence=0.2)

    chosen, _, reasons = chosen_of([base, a_score(40, 0.99, adherence=0.11), a_score(80, 0.3, adherence=0.1)])

    assert chosen == 80 and ("training.choice_no_content", {"step": 80, "percent": 50}) in reasons


def test_less_than_full_strength_is_recommended_where_it_keeps_what_full_strength_loses():
    base = a_score(0, 1.0, has_checkpoint=False, adherence=0.2)
    full = a_score(80, 0.3, adherence=0.1)

    kept = choose([base, full, a_score(80, 0.45, adherence=0.18, strength=0.7)])
    needless = choose([base, a_score(80, 0.3, adherence=0.19), a_score(80, 0.45, adherence=0.19, strength=0.7)])

    assert (kept.step, kept.strength) == (80, 0.7) and needless.strength == 1
    assert kept.reasons[0] == ("training.choice_nearer_weaker", {"step": 80, "percent": 55, "strength": "0.7"})


def test_what_only_rounds_up_to_enough_content_is_too_little():
    base = a_score(0, 1.0, has_checkpoint=False, adherence=0.2)

    chosen, _, reasons = chosen_of([base, a_score(40, 0.7, adherence=0.19), a_score(80, 0.3, adherence=0.596 * 0.2)])

    assert chosen == 40
    assert "training.choice_content_lost" in [code for code, _ in reasons]


def test_a_base_that_hardly_heeds_its_prompts_blames_no_checkpoint():
    base = a_score(0, 1.0, has_checkpoint=False, adherence=0.01)

    chosen, _, reasons = chosen_of([base, a_score(40, 0.7, adherence=0.0)])

    assert chosen == 40 and "training.choice_content" not in dict(reasons)


def test_a_training_that_hardly_moved_says_so():
    *_, reasons = chosen_of([BASE, a_score(40, 0.99), a_score(80, 0.98)])

    assert reasons[-1][0] == "training.choice_hardly_moved" and "2 %" in message(reasons[-1][0], "en", **reasons[-1][1])


def test_a_step_without_its_checkpoint_cannot_be_chosen():
    assert choose([BASE, a_score(40, 0.4, has_checkpoint=False), a_score(80, 0.6)]).step == 80


def test_a_real_run_is_looked_at_from_its_samples(looked_at):
    layout, run, found, _ = looked_at

    assert found.step in RunStore(layout).checkpoints(run)
    assert [each.step for each in found.scores if each.strength == 1] == [0, 4, 8] and found.scores[0].distance == 1
    assert all(each.adherence is not None for each in found.scores)
    assert found.scorer == "preview" and all(message(code, "zh", **values) for code, values in found.reasons)


def test_comparing_reports_at_every_picture_and_stops_at_the_next_one_when_asked(looked_at):
    layout, run, _, reported = looked_at

    # Every training picture once, every sample twice: for its score, and for its distance to the style.
    weaker = len(list((RunStore(layout).folder(run) / "samples").glob("8/at_0.7/*.png")))
    pictures = len(RunStore(layout).pictures(run)) + 2 * (len(RunStore(layout).samples(run)) + weaker)
    assert [progress.step for progress in reported] == list(range(pictures))
    assert {(progress.stage, progress.total) for progress in reported} == {("scoring", pictures)}
    seen = []
    with pytest.raises(Cancelled):
        recommend(layout, run, report=seen.append, should_stop=lambda: len(seen) == 3)
    assert len(seen) == 3


def test_a_run_without_samples_proposes_its_last_checkpoint(looked_at):
    layout = looked_at[0]
    run = new_run(layout)
    assert recommend(layout, run, report=[].append, should_stop=never).step is None
    trained(layout, run)

    found = recommend(layout, run, report=[].append, should_stop=never)

    assert found.step == 8 and found.reasons[0][0] == "training.choice_no_samples"
