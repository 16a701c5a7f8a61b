"""Specifications and results of jobs: what was written is what is read, and nothing is guessed."""

import json
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from story_engine.domain import job_result, job_spec
from story_engine.domain.job import KINDS
from story_engine.domain.job_result import (
    Choice,
    Failure,
    FileVerdict,
    MeasureResult,
    RenderResult,
    ReplayResult,
    StepScore,
    TrainResult,
    UploadResult,
    VerifyResult,
)
from story_engine.domain.job_spec import (
    DownloadSpec,
    GatePicture,
    GateSpec,
    MeasureSpec,
    RenderItem,
    RenderSpec,
    ReplaySpec,
    ScoreDatasetSpec,
    ScoreTakesSpec,
    TakeName,
    TrainSpec,
    UploadSpec,
    VerifySpec,
)
from story_engine.domain.replay import PictureReplay, ReplayReport
from story_engine.domain.training import TrainingSpec
from story_engine.errors import FixInput
from tests.story_engine.store.test_takes import a_take

SPECS = (
    RenderSpec(story="猫", items=(RenderItem(scene="s1", number=2, recipe=a_take().recipe, parent="ab"),), sweep=True),
    ScoreTakesSpec(story="猫", takes=(TakeName(scene="雨", take="ab"),)),
    ScoreDatasetSpec(dataset="墨", files=("一.png",)),
    TrainSpec(run="ink", name="Ink 墨", tokens=2),
    MeasureSpec(measure=TrainingSpec(name="x", dataset="墨")),
    DownloadSpec(family="kolors"),
    VerifySpec(family="kolors"),
    ReplaySpec(bundle="/b/队.zip"),
    UploadSpec(bundle="/b/队.zip", repository="moyun/墨", private=True, ticket='{"address": "x"}'),
    GateSpec(story="猫", pictures=(GatePicture(name="01.png", path="cache/雨.png", sha256="ab"),)),
)
_PAINTED_AGAIN = PictureReplay(
    file="images/01.png",
    scene="雨",
    seed=1,
    recipe="a",
    picture_sha256="b",
    differing=0.5,
    largest=3,
    mean=0.1,
    other_conditions={"torch": ("2.9", "2.10")},
)
RESULTS = (
    RenderResult(
        takes=(TakeName(scene="s1", take="ab"),), not_scored=Failure(code="a.b", values={"n": 1, "x": [None]})
    ),
    TrainResult(
        state="finished",
        choice=Choice(step=4, reasons=(("a.b", {"n": 1}),), scores=(StepScore(step=4, score=5, distance=1),)),
    ),
    MeasureResult(seconds_per_step=0.5, seconds_per_picture=0.1, seconds_per_sample=1),
    VerifyResult(
        family="kolors",
        folder="/m",
        source="hub",
        files=(FileVerdict(name="unet/x", path="/m/unet/x", state="other_hash", size_bytes=3, sha256="ab"),),
    ),
    ReplayResult(report=ReplayReport(bundle="队.zip", pictures=(_PAINTED_AGAIN,), loras={"墨": "c"})),
    UploadResult(repository="moyun/墨", url="https://h/models/moyun/墨", files=3, sent_bytes=4),
)


def test_every_kind_has_a_specification_and_a_result_that_name_it():
    specs = get_args(get_args(job_spec.AnySpec)[0])
    results = get_args(job_result.JobResult)

    assert {spec.model_fields["kind"].default for spec in specs} == set(KINDS)
    assert {result.model_fields["kind"].default for result in results} == set(KINDS)
    assert {type(spec) for spec in SPECS} == set(specs)


def test_what_was_written_is_what_is_read():
    for spec in SPECS:
        assert job_spec.read_spec(spec.model_dump_json()) == spec
    for result in RESULTS:
        assert job_result.read_result(result.model_dump_json()) == result


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "JSON"),
        ("{", "JSON"),
        ("null", "object"),
        ('{"kind": "paint"}', "paint"),
        ('{"family": "kolors"}', "kind"),
        ('{"kind": "download"}', "family"),
        ('{"kind": "download", "family": "kolors", "mirror": "x"}', "mirror"),
        ('{"kind": "train", "run": "r", "tokens": 0}', "tokens"),
        ("[" * 100_000, "recursion"),
        ('{"kind": "download", "family": "\\ud800"}', "JSON"),
    ],
)
def test_a_specification_that_cannot_be_read_says_what_is_wrong_with_it(text, named):
    with pytest.raises(FixInput) as raised:
        job_spec.read_spec(text)

    assert raised.value.code == "jobs.unreadable_spec" and named in str(raised.value)
    assert len(str(raised.value)) < 500


def test_a_result_of_another_version_is_not_guessed_at():
    with pytest.raises(ValidationError):
        job_result.read_result('{"kind": "download", "family": "kolors", "mirror": "x"}')


def test_a_choice_of_yesterday_is_read_by_its_earlier_name():
    assert Choice.model_validate({"step": 1, "looks": [{"step": 1, "score": 5, "distance": 1}]}).score_of(1).score == 5


def test_the_values_of_an_error_become_plain_json():
    error = FixInput("jobs.network_disk", path=Path("/mnt"), file_system=("nfs", 4))

    assert Failure.of(error).values == {"path": "/mnt", "file_system": ["nfs", 4]}
    assert json.loads(Failure.of(error).model_dump_json())["code"] == "jobs.network_disk"
