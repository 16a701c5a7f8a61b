"""Pictures that were painted with an eye on others, varied and mended are painted again from the bundle alone."""

from __future__ import annotations

import json
import shutil
import zipfile

import pytest

from story_engine import flows
from story_engine.domain.edit import Edit
from story_engine.domain.job_spec import RenderSpec, ReplaySpec
from story_engine.domain.story import Appearance
from story_engine.jobs.work import render, replay
from story_engine.store.layout import Layout
from tests.story_engine.flows.test_cast import services, slug
from tests.story_engine.flows.test_mend import brushed

__all__ = ["services", "slug"]
DRESSED = Appearance(character="girl", outfit="粉裙")


def painted(services, submitted):
    """Do what was queued here and now, as the child would."""
    spec: RenderSpec = services.ledger.spec(submitted.job)
    services.ledger.request_cancel(submitted.job)
    render.run(spec, job=1, report=lambda progress: None, should_stop=lambda: False, layout=services.layout)
    return [item.recipe.digest for item in spec.items]


@pytest.mark.thorough
def test_a_board_with_a_look_a_variation_and_a_mended_spot_is_replayed_identical(services, slug, tmp_path, monkeypatch):
    monkeypatch.setenv("STORY_STUDIO_THREADS", "1")
    settings = services.stories.load(slug).settings
    few = settings.model_copy(update={"steps": 6})
    services.stories.edit(slug, [Edit(scene=None, field="settings", value=few, seen=settings)])
    services.stories.edit(
        slug, [Edit(scene="s3", field="characters", value=(DRESSED,), seen=(Appearance(character="girl"),))]
    )
    (first,) = painted(services, flows.queue.render(services, slug, scenes=["s1"]))
    flows.cast.choose(services, slug, "s1", first, "girl")
    painted(services, flows.queue.render(services, slug))
    (varied,) = painted(services, flows.vary.vary(services, slug, "s4", newest(services, slug, "s4"), strength=0.5))
    spot = brushed(60, 60, 140, 150)
    mended = newest(services, slug, "s2")
    (mended,) = painted(services, flows.mend.mend(services, slug, "s2", mended, mask=spot, words="一朵红花"))
    flows.takes.pick(services, slug, "s4", varied)
    flows.takes.pick(services, slug, "s2", mended)

    bundle = flows.export.export(services, slug, out=tmp_path / "bundle.zip", anyway=True)
    shutil.rmtree(services.layout.workspace / "references")
    shutil.rmtree(services.layout.workspace / "takes")
    elsewhere = Layout(tmp_path / "elsewhere", tmp_path / "none")
    spec = ReplaySpec(bundle=str(bundle))
    report = replay.run(spec, job=2, report=lambda progress: None, should_stop=lambda: False, layout=elsewhere).report

    assert [(each.file, each.largest) for each in report.pictures] == [(f"images/{n:02}.png", 0) for n in range(1, 5)]
    with zipfile.ZipFile(bundle) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith("recipes.json"))
        recipes = [take["recipe"] for take in json.loads(archive.read(name)).values()]
    used = [[field for field in ("cast", "mend", "start") if each.get(field)] for each in recipes]
    assert used == [[], ["mend"], ["cast"], ["start"]]


def newest(services, slug, scene):
    return services.takes.takes_of(slug, scene)[-1].id
