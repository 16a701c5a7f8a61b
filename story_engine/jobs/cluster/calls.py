"""Functions that dask runs on a worker: each finds the station there and asks it, never in the way of dask's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from story_engine.jobs.cluster.parcels import Card, Errand, Homecoming, LoraFile, News, Studio
from story_engine.jobs.cluster.preload import ATTRIBUTE
from story_engine.jobs.cluster.station import Station


def perform(errand: Errand) -> Homecoming:
    """Do an errand, as a dask task."""
    from distributed import get_worker

    return _station(get_worker()).run(errand)


async def describe(studio: Studio, *, dask_worker: Any) -> Card | None:
    """What the worker can do; None for one without our preload."""
    if getattr(dask_worker, ATTRIBUTE, None) is None:
        return None
    return await asyncio.to_thread(_station(dask_worker).card, studio)


async def news(key: str, have: Collection[str], seconds: float, *, dask_worker: Any) -> News:
    """See `Station.news`; answers at the errand's end, or after so long."""
    station = _station(dask_worker)
    with station.ending(key) as ended:
        # No thread waits: dask's loop has few of them, and a question to stop must find one.
        await asyncio.wait({asyncio.wrap_future(ended)}, timeout=seconds)
    return await asyncio.to_thread(station.news, key, have)


async def cancel(key: str, is_forced: bool, *, dask_worker: Any) -> bool:
    """See `Station.cancel`."""
    return await asyncio.to_thread(_station(dask_worker).cancel, key, is_forced=is_forced)


async def missing(loras: Collection[LoraFile], *, dask_worker: Any) -> tuple[str, ...]:
    """See `Station.missing`."""
    return await asyncio.to_thread(_station(dask_worker).missing, loras)


async def receive(lora: LoraFile, name: str, offset: int, content: bytes, is_last: bool, *, dask_worker: Any) -> None:
    """See `Station.receive`."""
    await asyncio.to_thread(_station(dask_worker).receive, lora, name, offset, content, is_last=is_last)


def _station(worker: Any) -> Station:
    station: Station = getattr(worker, ATTRIBUTE)
    return station
