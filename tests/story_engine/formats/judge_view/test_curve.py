from __future__ import annotations

from story_engine.formats.judge_view.curve import BOTTOM, HEIGHT, LEFT, MOST_POINTS, RIGHT, TOP, WIDTH, curve


def points(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (point.split(",") for point in text.split())]


def test_a_falling_loss_falls_across_the_whole_drawing():
    drawn = curve([(step, 1 - step / 100, 1 - step / 100) for step in range(101)], checkpoint=50)

    line = points(drawn.smoothed)

    assert line[0] == (LEFT, TOP) and line[-1] == (WIDTH - RIGHT, HEIGHT - BOTTOM)
    assert drawn.mark == (LEFT + WIDTH - RIGHT) / 2
    assert [label for _, label in drawn.across] == ["0", "25", "50", "75", "100"]


def test_a_long_training_is_thinned_and_keeps_its_last_step():
    drawn = curve([(step, 0.1, 0.1) for step in range(1, 10_001)])

    assert len(points(drawn.raw)) <= MOST_POINTS + 1 and points(drawn.raw)[-1][0] == WIDTH - RIGHT


def test_too_few_points_make_no_line_and_a_foreign_step_no_mark():
    assert curve([]) is None and curve([(5, 0.1, 0.1)]) is None and curve([(5, 0.1, 0.1), (5, 0.2, 0.1)]) is None
    assert curve([(1, 0.2, 0.2), (2, 0.1, 0.1)], checkpoint=900).mark is None
