import random
from pathlib import Path

import pytest

from preview_training.drawing_cache import DrawingCache
from story_engine.preview_model.world.drawing import sample_scene

SIDE = 16


def test_all_drawings_asked_to_have_company_have_it(tmp_path: Path) -> None:
    cache = DrawingCache.plan(tmp_path, count=20, seed=5, size=SIDE, company=1.0)
    cache.draw(0)

    assert all(scene.companions for scene in cache.scenes())


def test_without_a_share_scenes_are_as_they_are_sampled(tmp_path: Path) -> None:
    cache = DrawingCache.plan(tmp_path, count=6, seed=5, size=SIDE)
    cache.draw(0)

    assert cache.scenes() == [sample_scene(random.Random(f"5/{index}")) for index in range(6)]
    assert not all(scene.companions for scene in cache.scenes())


def test_drawings_that_need_no_company_are_those_of_a_folder_without_a_share(tmp_path: Path) -> None:
    plain = DrawingCache.plan(tmp_path / "plain", count=30, seed=5, size=SIDE)
    some = DrawingCache.plan(tmp_path / "some", count=30, seed=5, size=SIDE, company=0.5)
    plain.draw(0)
    some.draw(0)

    changed = [now for before, now in zip(plain.scenes(), some.scenes(), strict=True) if before != now]
    assert 0 < len(changed) < 25
    assert all(scene.companions for scene in changed)


def test_a_folder_keeps_its_share(tmp_path: Path) -> None:
    DrawingCache.plan(tmp_path, count=2, seed=5, size=SIDE, company=0.5)

    assert DrawingCache.plan(tmp_path, count=9, seed=6, size=SIDE).company == pytest.approx(0.5)
