"""A real Slurm of one node on this machine: munge, controller and node daemon, as Debian's packages bring them."""

import os
import secrets
import shutil
import socket
import subprocess
import time

from tests.story_engine.jobs.cluster.a_cluster import free_port
from tests.story_engine.jobs.conftest import wait_for

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scancel", "squeue", "sinfo")
CONFIGURATION = """
ClusterName=studio
SlurmctldHost={node}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
KillWait=5
GresTypes=gpu
NodeName={node} NodeAddr=127.0.0.1 CPUs={processors} RealMemory=1000 Gres=gpu:2 State=UNKNOWN
PartitionName=gpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def is_missing():
    """Why no Slurm can be started here; empty where one can."""
    lacking = [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]
    if lacking:
        return f"not installed: {', '.join(lacking)} (Debian: slurm-wlm, munge)"
    return "" if os.geteuid() == 0 else "slurmd needs root"


def _path():
    return f"{os.environ['PATH']}:/usr/sbin"


class Slurm:
    """One node that takes two other devices for GPUs: a job is given what it asks for of them."""

    def __init__(self, folder):
        self.folder = folder
        self._daemons = []
        for name in ("munge", "state", "spool"):
            (folder / name).mkdir(parents=True, mode=0o700)
        key = folder / "munge" / "key"
        key.write_bytes(secrets.token_bytes(1024))
        key.chmod(0o600)
        node = socket.gethostname().partition(".")[0]
        (folder / "gres.conf").write_text("Name=gpu File=/dev/null\nName=gpu File=/dev/zero\n")
        text = CONFIGURATION.format(
            folder=folder,
            node=node,
            processors=os.cpu_count(),
            controller_port=free_port(),
            node_port=free_port(),
        )
        (folder / "slurm.conf").write_text(text)
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": _path()}

    def start(self):
        munge = self.folder / "munge"
        places = [f"--{what}-file={munge / what}" for what in ("key", "pid", "log", "seed")]
        self._start("munged", "--foreground", "--force", f"--socket={munge / 'socket'}", *places)
        wait_for((munge / "socket").exists)
        self._start("slurmctld", "-D", "-i")
        self._start("slurmd", "-D")
        wait_for(lambda: self.told("sinfo", "-h", "-o", "%T") == "idle", what="a node that waits for work")

    def told(self, *command):
        """What a command of Slurm's prints."""
        done = subprocess.run(command, env=os.environ | self.environment, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def jobs(self):
        """Numbers of the jobs that run."""
        return self.told("squeue", "-h", "-t", "R", "-o", "%i").split()

    def end(self):
        self.told("scancel", "--full", "--user=root")
        until = time.monotonic() + 20
        while self.told("squeue", "-h") and time.monotonic() < until:
            time.sleep(0.2)
        for daemon in reversed(self._daemons):
            daemon.terminate()
        for daemon in self._daemons:
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def _start(self, *command):
        with (self.folder / "daemons.log").open("ab") as log:
            self._daemons.append(subprocess.Popen(command, env=os.environ | self.environment, stdout=log, stderr=log))
