"""Visits one page some times, in the version of the Studio that lies in the working folder; its CPU time per visit.

Started by `benchmarks.pages_at_scale`, with the page, the open story and the number of visits.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path

from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.testing.v1 import AppTest


def main() -> None:
    """The modules are imported before the first visit; what is on the disk is not read."""
    page, slug, visits = sys.argv[1], sys.argv[2], int(sys.argv[3])
    script = Path.cwd() / ("Home.py" if page == "Home" else f"pages/{page}.py")
    _import_parts()
    times = _timed_scripts()
    for _ in range(visits):
        app = AppTest.from_file(str(script), default_timeout=600)
        app.session_state["warmed_up"] = True  # the dispatcher is not what is measured
        app.session_state["opened_story"] = slug
        app.query_params["story"] = slug
        app.run()
        if app.exception:
            raise SystemExit(str(app.exception))
    print(json.dumps(times))


def _timed_scripts() -> list[float]:
    """Filled with the milliseconds of each run of a script, of its own thread: the tester has others beside it."""
    times: list[float] = []
    run = ScriptRunner._run_script

    def timed(runner: ScriptRunner, *arguments: object) -> None:
        began = time.thread_time()
        run(runner, *arguments)
        times.append((time.thread_time() - began) * 1000)

    ScriptRunner._run_script = timed
    return times


def _import_parts() -> None:
    """As the server does while it starts, in whatever version."""
    importlib.import_module("streamlit.emojis")
    for path in sorted(Path("pages/parts").rglob("*.py")):
        module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        importlib.import_module(module)


if __name__ == "__main__":
    main()
