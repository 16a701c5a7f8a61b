"""A LoRA of the pages' machine paints on a worker that shares no folder with it, to the same picture."""

import json
import logging

import numpy as np
import pytest
from PIL import Image

from story_engine.domain.job_spec import RenderItem, RenderSpec
from story_engine.domain.recipe import LoraPart
from story_engine.inference.render import Renderer
from story_engine.jobs.kinds import STANDARD
from story_engine.store.layout import Layout
from story_engine.store.loras import LoraStore
from story_engine.store.takes import TakeStore
from tests.story_engine.inference.small_loras import ALPHA, RANK, random_halves, save_checkpoint, save_peft
from tests.story_engine.inference.small_preview import recipe, small_workspace
from tests.story_engine.jobs.cluster.test_placement import Studio, cluster_of


def a_lora(layout, name, save, file):
    place = layout.loras / name / file
    place.parent.mkdir(parents=True)
    save(random_halves(seed=len(name)), place)
    # Where the alpha of a checkpoint of the challenge's notebook is said, too.
    (place.parent / "adapter_config.json").write_text(json.dumps({"r": RANK, "lora_alpha": ALPHA}))
    return LoraPart(name=name, sha256=LoraStore(layout).sha256(name), strength=0.8)


def pixels(picture):
    return np.asarray(picture.convert("RGB")).astype(int)


@pytest.mark.thorough
def test_a_lora_is_sent_once_by_content_and_paints_on_the_worker_as_it_does_here(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO, logger="story_engine.jobs.cluster.sending")
    small_workspace(tmp_path / "there")
    worker = Layout(tmp_path / "there" / "workspace", tmp_path / "there" / "stories")
    home = small_workspace(tmp_path)
    # As peft writes it, and a checkpoint as the challenge's notebook leaves it.
    ink = a_lora(home, "ink", save_peft, "adapter.safetensors")
    wash = a_lora(home, "wash", save_checkpoint, "adapter.ckpt")
    recipes = [
        recipe(home, seed=1, loras=(ink,)),
        recipe(home, seed=2, loras=(ink, wash)),
        recipe(home, seed=1),
    ]
    with cluster_of(tmp_path, work=STANDARD) as cluster:
        cluster.start_worker("gpu", workspace=worker.workspace, environment={"STORY_STUDIO_THREADS": "1"})
        studio = Studio(tmp_path, cluster, monkeypatch)
        try:
            jobs = [
                studio.ledger.submit(
                    RenderSpec(story="cat", items=(RenderItem(scene="s", number=number, recipe=each),), score=False),
                    key=f"render-{number}",
                    priority=0,
                    user="me",
                    story="cat",
                    scenes=("s",),
                )
                for number, each in enumerate(recipes)
            ]
            views = studio.ended(*jobs, seconds=240)
        finally:
            studio.end()
        assert [(view.state, view.error_code) for view in views] == [("done", None)] * 3
        sent = [record.getMessage().split()[1] for record in caplog.records if "is sent to" in record.getMessage()]
        assert sorted(sent) == ["ink", "wash"], "each once, though two pictures use the first"
        assert not list(worker.workspace.rglob("takes/*/*/*.png")) and not (worker.loras / "ink").exists()

    store = TakeStore(home)
    takes = {take.recipe: take for take in store.takes("cat")["s"]}
    abroad = [pixels(Image.open(store.picture(takes[each]))) for each in recipes]
    here = [pixels(picture) for each in recipes for picture in Renderer(home, "cpu", threads=1).render([each])]
    for there, ours in zip(abroad, here, strict=True):
        assert np.abs(there - ours).max() <= 1
    assert np.abs(abroad[0] - abroad[2]).max() > 8, "the LoRA was heard"
