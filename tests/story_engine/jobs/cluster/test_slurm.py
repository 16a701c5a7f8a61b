import contextlib
import os
import signal
import subprocess
import sys

import pytest

from tests.story_engine.jobs.cluster.a_cluster import LIGHT_WORK, PROJECT, Cluster
from tests.story_engine.jobs.cluster.a_slurm import Slurm, is_missing
from tests.story_engine.jobs.cluster.test_placement import Studio
from tests.story_engine.jobs.conftest import submit, wait_for

pytest.importorskip("dask_jobqueue")
PROGRAM = [sys.executable, "-W", "ignore", str(PROJECT / "docs" / "cluster_slurm.py"), "--queue", "gpu"]
SBATCH = """#!/bin/sh
cp "$1" "{folder}/job.sh"
setsid bash "{folder}/job.sh" > "{folder}/slurm.log" 2>&1 &
echo $! > "{folder}/pid"
echo "Submitted batch job 4711"
"""


@pytest.fixture
def slurm(tmp_path):
    """Stands for Slurm: a script that is handed in is started on this machine."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (("sbatch", SBATCH.format(folder=folder)), ("scancel", "#!/bin/sh\nexit 0\n")):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    yield folder
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        os.killpg(int((folder / "pid").read_text()), signal.SIGKILL)


@pytest.mark.thorough
def test_workers_that_slurm_starts_paint_for_the_studio(tmp_path, slurm, monkeypatch):
    with deployed(tmp_path, monkeypatch, "--no-gres", environment={"PATH": f"{slurm}:{os.environ['PATH']}"}) as studio:
        (view,) = studio.ended(submit(studio.ledger, 1))
        assert view.state == "done"


@pytest.mark.thorough
@pytest.mark.skipif(bool(is_missing()), reason=is_missing())
def test_on_a_real_slurm_takes_spread_over_its_jobs_and_one_that_is_cancelled_costs_an_attempt(tmp_path, monkeypatch):
    slurm = Slurm(tmp_path / "slurm")
    try:
        slurm.start()
        options = ("--jobs", "2", "--memory", "400MB", "--walltime", "00:30:00")
        with deployed(tmp_path, monkeypatch, *options, environment=slurm.environment) as studio:
            wait_for(lambda: len(slurm.jobs()) == 2, what="both jobs")
            assert "gres:gpu:1" in slurm.told("scontrol", "show", "job", slurm.jobs()[0])
            takes = [submit(studio.ledger, number, steps=20, seconds=0.2) for number in range(6)]
            wait_for(lambda: sum(studio.ledger.job(take).state == "running" for take in takes) == 2)
            wait_for(lambda: all(studio.ledger.job(take).progress.step > 2 for take in takes[:2]))

            slurm.told("scancel", slurm.jobs()[0])

            views = studio.ended(*takes)
            assert {view.state for view in views} == {"done"}
            assert sorted(view.attempt for view in views) == [1, 1, 1, 1, 1, 2]
            assert len(slurm.jobs()) == 1
        wait_for(lambda: not slurm.jobs(), what="the end of what the deployer started")
    finally:
        slurm.end()


@contextlib.contextmanager
def deployed(folder, monkeypatch, *options, environment):
    """A studio whose takes are painted by what `docs/cluster_slurm.py` starts."""
    cluster = Cluster(folder)
    environment = os.environ | cluster.environment | {"PYTHONPATH": str(PROJECT)} | environment
    environment |= {"STORY_STUDIO_WORK": LIGHT_WORK, "CUDA_VISIBLE_DEVICES": "", "STORY_STUDIO_SHARED_FOLDER": "0"}
    here = ["--host", "127.0.0.1", "--port", str(cluster.port), "--workspace", str(folder / "worker")]
    with (folder / "deployer.log").open("wb") as log:
        deployer = subprocess.Popen([*PROGRAM, *here, *options], env=environment, stdout=log, stderr=log, cwd=folder)
    try:
        wait_for(lambda: "STORY_STUDIO_SCHEDULER=tls://" in (folder / "deployer.log").read_text())
        studio = Studio(folder, cluster, monkeypatch)
        try:
            yield studio
        finally:
            studio.end()
    finally:
        deployer.send_signal(signal.SIGINT)
        deployer.wait(30)
