"""How long each page takes of its own with 200 stories on the shelf and 5 000 takes: this version against another one.

    python -m benchmarks.pages_at_scale [--against main] [--stories 200] [--takes 5000] [--visits 5]

Prints one JSON object. Per page: milliseconds of the processor's time that the first visit after the server's start
takes, when nothing has been read yet, and the median of the following visits; of the app alone, without browser and
network, and whatever else the machine does. Both versions read the same workspace, each page in a process of its own,
in turns. Without `--against` only this version is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.large_workspace import fill
from story_engine.bootstrap import open_services
from story_engine.config import PROJECT_FOLDER, Config

AIM_MILLISECONDS = 300
PAGES = ("Home", "1_Story", "8_Gallery", "2_Compare", "6_Submit", "5_LoRAs", "4_Train", "3_Dataset", "7_Settings")
_MEASURE = Path(__file__).with_name("page_visits.py")


def main() -> None:
    """Fill a workspace, visit every page of each version, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", help="a commit or branch")
    parser.add_argument("--stories", type=int, default=200)
    parser.add_argument("--takes", type=int, default=5000)
    parser.add_argument("--visits", type=int, default=5, help="per page, after the first")
    parser.add_argument("--pages", nargs="*", default=PAGES, help="scripts without their ending")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = Config(workspace=Path(folder) / "workspace", stories=Path(folder) / "stories")
        slugs = fill(open_services(config), stories=asked.stories, takes=asked.takes)
        versions = {"new": PROJECT_FOLDER}
        if asked.against:
            versions = {"old": _checked_out(asked.against, Path(folder) / "old"), **versions}
        report = {
            "stories": asked.stories,
            "takes": asked.takes,
            "aim_ms": AIM_MILLISECONDS,
            "pages": {
                page.partition("_")[2] or page: {
                    name: _visits(tree, config, page, slugs[len(slugs) // 2], asked.visits)
                    for name, tree in versions.items()
                    if page == "Home" or (tree / "pages" / f"{page}.py").exists()
                }
                for page in asked.pages
            },
            "load_average": os.getloadavg()[0],
        }
    print(json.dumps(report, indent=2))


def _checked_out(commit: str, folder: Path) -> Path:
    folder.mkdir()
    archive = subprocess.run(["git", "archive", commit], cwd=PROJECT_FOLDER, check=True, stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return folder


def _visits(tree: Path, config: Config, page: str, slug: str, visits: int) -> dict[str, int]:
    """In a process of its own: what one page has read must not help another."""
    environment = os.environ | {
        "STORY_STUDIO_WORKSPACE": str(config.workspace),
        "STORY_STUDIO_STORIES": str(config.stories),
        "PYTHONPATH": str(tree),
    }
    done = subprocess.run(
        [sys.executable, str(_MEASURE), page, slug, str(visits + 1)],
        cwd=tree,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    times = json.loads(done.stdout.splitlines()[-1])
    return {"first_ms": round(times[0]), "again_ms": round(statistics.median(times[1:]))}


if __name__ == "__main__":
    main()
