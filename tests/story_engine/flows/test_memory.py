"""The plan is known before the work begins, and warns instead of refusing."""

from __future__ import annotations

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.errors import ChooseAnother
from story_engine.flows import memory as memory_flow


@pytest.fixture
def services(tmp_path):
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


def test_the_plan_follows_from_what_is_free_and_from_the_pictures(services, monkeypatch):
    for free, fits in ((40, True), (6, True), (1, False)):
        monkeypatch.setattr(memory_flow, "free_bytes", lambda free=free: free * 2**30)
        small = flows.memory.view(services, "kolors")
        large = flows.memory.view(services, "kolors", width=2048, height=2048)

        assert small is not None and large is not None
        assert small.fits is fits and small.free_bytes == free * 2**30
        assert large.plan.denoising_bytes + large.plan.decoding_bytes >= small.plan.denoising_bytes


def test_a_model_that_fits_anywhere_has_no_plan_and_an_unknown_one_is_named(services):
    assert flows.memory.view(services, "preview") is None
    with pytest.raises(ChooseAnother, match="sdxl"):
        flows.memory.view(services, "sdxl")
