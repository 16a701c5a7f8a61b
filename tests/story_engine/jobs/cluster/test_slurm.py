import contextlib
import os
import signal
import subprocess
import sys

import pytest

from tests.story_engine.jobs.cluster.a_cluster import LIGHT_WORK, PROJECT, Cluster
from tests.story_engine.jobs.cluster.test_placement import Studio
from tests.story_engine.jobs.conftest import submit, wait_for

pytest.importorskip("dask_jobqueue")
PROGRAM = [sys.executable, "-W", "ignore", str(PROJECT / "docs" / "cluster_slurm.py"), "--queue", "gpu", "--no-gres"]
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
    cluster = Cluster(tmp_path)
    environment = (
        os.environ | cluster.environment | {"PATH": f"{slurm}:{os.environ['PATH']}", "PYTHONPATH": str(PROJECT)}
    )
    environment |= {"STORY_STUDIO_WORK": LIGHT_WORK, "CUDA_VISIBLE_DEVICES": "", "STORY_STUDIO_SHARED_FOLDER": "0"}
    options = ["--host", "127.0.0.1", "--port", str(cluster.port), "--workspace", str(tmp_path / "worker")]
    with (tmp_path / "deployer.log").open("wb") as log:
        deployer = subprocess.Popen([*PROGRAM, *options], env=environment, stdout=log, stderr=log, cwd=tmp_path)
    try:
        wait_for(lambda: "STORY_STUDIO_SCHEDULER=tls://" in (tmp_path / "deployer.log").read_text())
        studio = Studio(tmp_path, cluster, monkeypatch)
        try:
            (view,) = studio.ended(submit(studio.ledger, 1))
            assert view.state == "done"
        finally:
            studio.end()
    finally:
        deployer.send_signal(signal.SIGINT)
        deployer.wait(30)
