import pytest
from PIL import Image

from story_engine.catalog.scorers import present_scorer
from story_engine.domain.job_spec import ScoreDatasetSpec
from story_engine.errors import MadeWay
from story_engine.jobs.work import score
from story_engine.jobs.work.score import run_dataset
from story_engine.store.datasets import DatasetStore
from story_engine.store.scores import ScoreStore
from tests.story_engine.scoring.test_aesthetics import save_challenge_scorer
from tests.story_engine.store.test_datasets import filled


def test_the_pictures_of_a_dataset_are_scored_and_those_gone_are_counted(layout):
    save_challenge_scorer(layout)
    store = DatasetStore(layout)
    name = filled(store, "a", "b")
    for file in ("cat.png", "cat-2.png"):
        Image.effect_noise((40, 40), 50).save(store.picture(name, file))

    result = run_dataset(
        ScoreDatasetSpec(dataset=name, files=("cat.png", "cat-2.png", "gone.png")),
        job=1,
        report=lambda progress: None,
        should_stop=lambda: False,
        layout=layout,
    )

    present = present_scorer(layout)
    assert (result.scored, result.gone) == (2, 1)
    assert len(ScoreStore(layout).scores(present.name, present.version)) == 2


def test_scoring_makes_way_between_pictures_and_goes_on_where_it_was(layout, monkeypatch):
    save_challenge_scorer(layout)
    monkeypatch.setattr(score, "BATCH", 1)
    store = DatasetStore(layout)
    name = filled(store, "a", "b")
    for file in ("cat.png", "cat-2.png"):
        Image.effect_noise((40, 40), 50).save(store.picture(name, file))
    spec = ScoreDatasetSpec(dataset=name, files=("cat.png", "cat-2.png"))
    asked = {"job": 1, "report": lambda progress: None, "should_stop": lambda: False, "layout": layout}
    present = present_scorer(layout)

    with pytest.raises(MadeWay):
        run_dataset(spec, should_pause=lambda: True, **asked)

    made = ScoreStore(layout).scores(present.name, present.version)
    assert len(made) == 1
    assert run_dataset(spec, should_pause=lambda: False, **asked).scored == 2
    assert made.items() <= ScoreStore(layout).scores(present.name, present.version).items()
