"""Scores that cannot be read or written stop nothing else."""

import pytest

from story_engine.domain.take import Score
from story_engine.errors import Wait
from story_engine.store.layout import Layout
from story_engine.store.scores import ScoreStore


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path / "workspace", tmp_path / "stories")


def a_score(number: int) -> Score:
    return Score(scorer="small", scorer_version="1", value=6.0, picture_sha256=str(number) * 64)


def test_damaged_lines_hide_no_other_score(layout):
    store = ScoreStore(layout)
    store.add([a_score(1)])
    with (layout.scores / "small-1.jsonl").open("ab") as file:
        file.write(b"[" * 100_000 + b"\n\xff\xfe\n{}\n{torn")
    store.add([a_score(2)])

    assert store.scores("small", "1") == {"1" * 64: 6.0, "2" * 64: 6.0}


def test_a_file_of_scores_that_cannot_be_opened_is_no_score(layout):
    (layout.scores / "small-1.jsonl").mkdir(parents=True)

    assert ScoreStore(layout).scores("small", "1") == {}
    with pytest.raises(Wait):
        ScoreStore(layout).add([a_score(1)])
