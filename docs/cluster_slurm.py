"""Scheduler here, workers as Slurm jobs: dask's own deployer with the Studio's preload. See docs/cluster.md."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import dask
from dask_jobqueue import SLURMCluster
from dask_jobqueue.slurm import SLURMJob
from distributed.security import Security

PRELOAD = "story_engine.jobs.cluster.preload"
QUIET = {"distributed.worker.profile.enabled": False, "distributed.admin.tick.interval": "500ms"}
PROJECT = Path(__file__).resolve().parent.parent


def options(given: argparse.Namespace) -> dict[str, object]:
    """Of every Slurm job."""
    resources = f"GPU={given.gpus}"
    return {
        "queue": given.queue,
        "cores": given.gpus,
        "processes": 1,
        "memory": given.memory,
        "walltime": given.walltime,
        "python": sys.executable,
        "worker_command": "distributed.cli.dask_worker",
        "job_extra_directives": [f"--gres=gpu:{given.gpus}"] if given.gres else [],
        "job_script_prologue": [
            f"cd {PROJECT}",
            "export STORY_STUDIO_WORKSPACE=" + given.workspace,
            "export DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP=15s DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED=false",
            "export DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL=500ms",
        ],
        "worker_extra_args": ["--resources", resources, "--preload", PRELOAD, "--no-dashboard"],
        "nanny": False,
    }


def security() -> Security:
    """Both ends show the certificate that the Studio uses too."""
    ca, certificate, key = (os.environ[f"STORY_STUDIO_TLS_{name}"] for name in ("CA", "CERT", "KEY"))
    ends = {
        f"tls_{end}_{what}": path
        for end in ("scheduler", "worker", "client")
        for what, path in (("cert", certificate), ("key", key))
    }
    return Security(tls_ca_file=ca, require_encryption=True, **ends)


def main() -> None:
    """Run until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queue", required=True, help="Slurm partition")
    parser.add_argument("--gpus", type=int, default=1, help="per job")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--memory", default="24GB")
    parser.add_argument("--walltime", default="08:00:00")
    parser.add_argument("--workspace", default=str(Path.home() / "studio-worker"), help="where the models lie")
    parser.add_argument("--host", help="address of this machine that workers reach")
    parser.add_argument("--port", type=int, default=8786)
    parser.add_argument("--no-gres", dest="gres", action="store_false", help="the partition has no GPUs")
    parser.add_argument("--script", action="store_true", help="show what sbatch would be given, and end")
    given = parser.parse_args()
    if given.script:
        print(
            SLURMJob(
                f"tls://{given.host or 'HOST'}:{given.port}", "worker", security=security(), **options(given)
            ).job_script()
        )
        return
    # The Studio's queue alone tries again, a pulled cable is noticed soon, and questions shake hands once.
    dask.config.set({"distributed.scheduler.allowed-failures": 0, "distributed.comm.timeouts.tcp": "15s"})
    dask.config.set({"distributed.scheduler.reuse-broadcast-comm": True} | QUIET)
    scheduler = {"port": given.port, "dashboard": False} | ({"host": given.host} if given.host else {})
    cluster = SLURMCluster(
        **options(given),
        security=security(),
        protocol="tls://",
        shared_temp_directory=str(PROJECT),
        scheduler_options=scheduler,
    )
    cluster.scale(jobs=given.jobs)
    print(f"export STORY_STUDIO_SCHEDULER={cluster.scheduler_address}", flush=True)
    try:
        while True:
            time.sleep(60)
    except KeyboardInterrupt:
        cluster.close()  # and its Slurm jobs with it


if __name__ == "__main__":
    main()
