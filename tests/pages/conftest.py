"""A Studio of its own for each test: temporary workspace, the shipped stories, the real engine, no dispatcher."""

from __future__ import annotations

import functools
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import PROJECT_FOLDER, read_config
from story_engine.domain.board import TakeView
from story_engine.domain.desk import Desk
from story_engine.domain.job_result import GateResult
from story_engine.domain.job_spec import GateSpec
from story_engine.domain.take import Score
from story_engine.flows.services import Services
from story_engine.jobs.queue.work_ledger import WorkLedger
from story_engine.store.gate_folder import pictures_folder
from story_engine.store.layout import Layout
from tests.agreeing_script import agreeing_script
from tests.builders import a_recipe, a_take

SECONDS = 30
PAGES = {
    "story": "pages/1_Story.py",
    "compare": "pages/2_Compare.py",
    "submit": "pages/6_Submit.py",
    "settings": "pages/7_Settings.py",
    "dataset": "pages/3_Dataset.py",
    "train": "pages/4_Train.py",
    "loras": "pages/5_LoRAs.py",
    "gallery": "pages/8_Gallery.py",
}


# Each visit of an AppTest is a server that starts anew and looks through all installed packages for components.
manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)


@dataclass(frozen=True)
class Studio:
    services: Services
    stories: Path

    def page(self, name: str = "home", *, language: str = "en", **query: str) -> AppTest:
        app = AppTest.from_file(str(PROJECT_FOLDER / "Home.py"), default_timeout=SECONDS)
        app.context = {"locale": "zh-CN" if language == "zh" else "en-US"}
        app.session_state["warmed_up"] = True
        if query.get("story"):
            app.session_state["opened_story"] = query["story"]
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        if name != "home":
            app.switch_page(PAGES[name]).run()
        return app

    def comfortable(self) -> None:
        """Every field of a scene is open, as somebody may have chosen."""
        self.services.desk.write(Desk(scenes="comfortable"))

    def painted(self, slug: str, *scenes: str, takes: int = 1, score: float | None = None) -> None:
        """Takes as a render would leave them."""
        scorer = self.services.present_scorer()
        for scene in scenes or [scene.id for scene in self.services.stories.load(slug).scenes]:
            for number in range(takes):
                recipe = a_recipe(prompt=f"{slug} {scene}", seed=number)
                colour = ((len(scene) * 50) % 255, 40 * number % 255, 90)
                take = self.services.takes.add(
                    a_take(recipe, story=slug, scene=scene, number=number, created_at=f"2026-11-21T09:0{number}:00Z"),
                    Image.new("RGB", (64, 64), colour),
                    {},
                )
                if score is not None:
                    self.services.scores.add(
                        [
                            Score(
                                picture_sha256=take.picture_sha256,
                                scorer=scorer.name,
                                scorer_version=scorer.version,
                                value=score,
                            )
                        ]
                    )

    def export(self, app: AppTest) -> AppTest:
        """Click on the bundle's button, and do the job that it queues as the child would."""
        app.button(key="export").click().run()
        layout = Layout.of(self.services.config)
        waiting = [turn.job for turn in self.services.ledger.turns() if turn.job.kind == "gate"]
        if waiting:
            spec = self.services.ledger.spec(waiting[0].id)
            assert isinstance(spec, GateSpec)
            with pictures_folder(layout, {each.name: layout.workspace / each.path for each in spec.pictures}) as folder:
                run = agreeing_script(layout, folder)
            work = WorkLedger(layout)
            claim = work.claim()
            assert claim is not None and claim.job == waiting[0].id
            work.done(claim.job, claim.attempt, GateResult(run=run))
            work.close()
        return app.run()

    def takes(self, slug: str, scene: str) -> tuple[TakeView, ...]:
        return next(
            panel.takes
            for panel in flows.panels.open_story(self.services, slug).board.panels
            if panel.scene.id == scene
        )


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives the process its main module back. A page that was run stays in its place, and whatever a later test spawns
    imports the main module: it would run that page, in the workspace of whoever runs the tests."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    stories = tmp_path / "stories"
    stories.mkdir()
    for shipped in (PROJECT_FOLDER / "stories").glob("*.yaml"):
        shutil.copy(shipped, stories)
    monkeypatch.setenv("STORY_STUDIO_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("STORY_STUDIO_STORIES", str(stories))
    # Jobs stay in the ledger: what a dispatcher does with them is the business of other tests.
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)
    # Scores are made up here; that the script really runs is the business of tests/story_engine/flows/test_gate.py.
    monkeypatch.setattr("story_engine.bootstrap.run_challenge_script", agreeing_script)
    return Studio(open_services(read_config()), stories)


def texts(app: AppTest) -> str:
    """Everything readable on the page."""
    kinds = ("markdown", "caption", "title", "header", "subheader", "error", "code", "badge")
    parts = [str(element.value) for kind in kinds for element in app.get(kind) if hasattr(element, "value")]
    return "\n".join(parts).replace("\\", "")
