import random
from collections import Counter
from collections.abc import Callable

import pytest

from preview_training.balance import balanced_probabilities
from story_engine.preview_model.world import PLACES, SUBJECTS, DrawnScene, Figure
from story_engine.preview_model.world.drawing import sample_scene

SCENES = [sample_scene(random.Random(f"balance/{index}")) for index in range(6000)]
PROBABILITIES = balanced_probabilities(SCENES)


def test_probabilities_are_positive_and_sum_to_one() -> None:
    assert (PROBABILITIES > 0).all()
    assert PROBABILITIES.sum() == pytest.approx(1)


def test_a_boy_is_learned_from_as_often_as_a_girl_though_he_is_drawn_a_sixth_as_often() -> None:
    drawn = Counter(scene.main.subject for scene in SCENES)
    shares = _shares(lambda scene: scene.main.subject)

    assert drawn["girl"] > 4 * drawn["boy"]
    assert shares["boy"] == pytest.approx(shares["girl"])


def test_places_are_learned_from_about_equally_often_and_those_mistaken_most_more_often() -> None:
    shares = _shares(lambda scene: scene.place)
    others = [shares[place] for place in PLACES if place not in ("street", "beach", "plain")]

    assert set(shares) == set(PLACES)
    usual = sum(others) / len(others)
    assert max(others) < 1.05 * usual
    assert min(others) > 0.95 * usual
    assert shares["street"] == pytest.approx(1.6 * usual, rel=0.05)
    assert shares["beach"] == pytest.approx(1.4 * usual, rel=0.05)
    assert shares["plain"] == pytest.approx(1.4 * usual, rel=0.05)


def test_no_drawing_is_learned_from_so_often_that_it_would_be_remembered() -> None:
    assert max(PROBABILITIES) < 20 / len(SCENES)


def test_a_third_of_what_is_learned_from_is_two_in_one_picture() -> None:
    shares = _shares(lambda scene: "company" if scene.companions else "alone")

    assert shares["company"] == pytest.approx(0.33, abs=0.02)


def test_more_may_be_in_company_where_that_is_what_lacks() -> None:
    more = balanced_probabilities(SCENES, company=0.55)

    assert sum(more[[bool(scene.companions) for scene in SCENES]]) == pytest.approx(0.55, abs=0.02)
    assert sum(more[[scene.place == "street" for scene in SCENES]]) == pytest.approx(
        _shares(lambda scene: scene.place)["street"], rel=0.05
    )


def test_every_kind_keeps_company_equally_often() -> None:
    shares = _shares(lambda scene: scene.companions[0].subject if scene.companions else "")
    of_company = [share for kind, share in shares.items() if kind]

    assert len(of_company) == len(SUBJECTS)
    assert max(of_company) < 1.1 * min(of_company)


def test_degraded_drawings_keep_their_share_for_negative_prompts_to_mean_something() -> None:
    shares = _shares(lambda scene: "good" if scene.degradation == "none" else "degraded")

    assert shares["degraded"] == pytest.approx(0.12, abs=0.01)


def test_values_that_do_not_occur_take_nothing_away() -> None:
    two = [DrawnScene(main=Figure(subject="cat")), DrawnScene(main=Figure(subject="panda"))]

    assert balanced_probabilities(two).tolist() == pytest.approx([0.6, 0.4])


def _shares(value_of: Callable[[DrawnScene], str]) -> dict[str, float]:
    shares: Counter[str] = Counter()
    for scene, probability in zip(SCENES, PROBABILITIES, strict=True):
        shares[value_of(scene)] += float(probability)
    return dict(shares)
