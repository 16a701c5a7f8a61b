from __future__ import annotations

import pytest

from story_engine.flows import shelf
from tests.pages.conftest import Studio


def test_a_bug_is_a_short_sentence_with_an_id_that_the_log_explains(studio: Studio, monkeypatch: pytest.MonkeyPatch):
    def broken(*given: object, **values: object) -> None:
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr(shelf, "numbered_page", broken)
    app = studio.page()

    assert not app.exception
    (shown,) = app.error
    assert "deep inside" not in shown.value
    bug = shown.value.replace("\\", "").split()[-1].strip(".")
    log = (studio.services.config.workspace / "logs" / "pages.log").read_text(encoding="utf-8")
    assert bug in log
    assert "deep inside" in log
