"""The device that a child works on."""

from __future__ import annotations

import os

import torch

from story_engine.errors import LookAtLog
from story_engine.jobs.kinds import HAD_A_GPU


def chosen_device() -> str:
    """The GPU ("cuda") where there is one, else "cpu".

    Raises:
        LookAtLog: an earlier child had a GPU here, and now there is none: its seconds would be hours.
    """
    if torch.cuda.is_available():
        return "cuda"
    if HAD_A_GPU in os.environ:
        raise LookAtLog("jobs.device_gone")
    return "cpu"
