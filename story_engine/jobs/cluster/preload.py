"""Makes a dask worker one of ours: `dask worker … --resources "GPU=1" --preload story_engine.jobs.cluster.preload`.

It starts the agent that one machine uses, with a child per device; the workspace (`STORY_STUDIO_WORKSPACE`) is where
this machine's models lie.
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any

from story_engine.catalog.devices import gpu_names
from story_engine.config import read_config, switch
from story_engine.errors import FixInput
from story_engine.jobs.cluster.parcels import RESOURCE
from story_engine.jobs.cluster.station import Station
from story_engine.jobs.kinds import STANDARD
from story_engine.jobs.queue.agent import AgentSettings, visible_devices
from story_engine.jobs.queue.child_process import ChildCommand
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout
from story_engine.store.privacy import forbidden

ATTRIBUTE = "story_studio_station"
"""Of the dask worker."""
_IDLE_SECONDS = 300.0
_LOG = logging.getLogger(__name__)


def dask_setup(worker: Any) -> None:
    """Called by dask when the worker starts.

    Raises:
        FixInput: the worker was started without devices, with more than there are, or with too few threads.
    """
    config = read_config()
    layout = Layout.of(config)
    make_folder(layout.logs)
    os.umask(forbidden(layout.workspace))
    work = os.environ.get("STORY_STUDIO_WORK") or STANDARD
    child = ChildCommand(workspace=layout.workspace, stories=layout.stories, work=work, idle_seconds=_IDLE_SECONDS)
    looks_for_folder = switch("STORY_STUDIO_SHARED_FOLDER", default=True)
    devices = devices_of(worker.state.total_resources, threads=worker.state.nthreads)
    settings = AgentSettings(child=child, devices=devices, threads=config.threads, logs=layout.logs)
    # It would note ten questions a second and job.
    logging.getLogger("distributed.worker").addFilter(lambda record: "out-of-band" not in str(record.msg))
    setattr(worker, ATTRIBUTE, Station(layout, settings, looks_for_folder=looks_for_folder))
    _LOG.info("%d device(s) for Story Studio, models in %s", len(devices), layout.models)


async def dask_teardown(worker: Any) -> None:
    """Called by dask when the worker ends: no child outlives it."""
    station: Station | None = getattr(worker, ATTRIBUTE, None)
    if station is not None:
        await asyncio.to_thread(station.close)


def devices_of(resources: dict[str, float], *, threads: int) -> tuple[str | None, ...]:
    """CUDA_VISIBLE_DEVICES per token of a worker; None for each on a machine without GPU.

    Raises:
        FixInput: no devices were named, more than there are, or fewer threads than devices.
    """
    asked = int(resources.get(RESOURCE, 0))
    if asked < 1:
        raise FixInput("cluster.no_resource", resource=RESOURCE)
    if threads < asked:
        raise FixInput("cluster.few_threads", threads=threads, devices=asked)
    seen = visible_devices(len(gpu_names()))
    if seen == (None,):
        return (None,) * asked
    if asked > len(seen):
        raise FixInput("cluster.few_devices", asked=asked, found=len(seen))
    return seen[:asked]
