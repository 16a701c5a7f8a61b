"""Where jobs are placed: dask.distributed inside the dispatcher, with an agent in each worker.

Dask decides which worker, and nothing else: its memory is not the truth, it never retries, and it is never given more
jobs than there are free GPU tokens (a job that kills its worker takes every job queued there with it). What another
library would have to offer is `place`, `cancel`, `close` and a call of `on_event`.
"""

from __future__ import annotations

import logging
import threading
from asyncio import CancelledError
from collections.abc import Callable

import dask
from dask.distributed import Client, Future, LocalCluster, Worker, WorkerPlugin, get_worker

from story_engine.jobs.orders import Event, Lost, Order, Outcome, Progressed
from story_engine.jobs.queue.agent import Agent, AgentSettings

_TOPIC = "story-progress"
_AGENT = "story_agent"
# Each line was found by a failing run or a measured idle load; see docs/decisions.md.
_DASK = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.admin.low-level-log-length": 100,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.worker.memory.monitor-interval": "5s",
    "distributed.comm.timeouts.tcp": "15s",
}
_LOG = logging.getLogger(__name__)


class Placement:
    """Places orders on this machine's tokens.

    Args:
        settings: for the agent of the worker.
        on_event: called with progress and outcomes, from dask's threads. `Lost` means that the worker went away.
    """

    def __init__(self, settings: AgentSettings, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event
        self._futures: dict[tuple[int, int], Future] = {}
        tokens = len(settings.devices)
        dask.config.set(_DASK)
        # Both addresses are needed: without them a dashboard opens on all interfaces.
        self._cluster = LocalCluster(
            n_workers=1,
            threads_per_worker=tokens + 1,
            processes=False,
            resources={"GPU": tokens},
            memory_limit=0,
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address="127.0.0.1:0",
        )
        self._client = Client(self._cluster, set_as_default=False)
        self._client.subscribe_topic(_TOPIC, self._heard)
        self._client.register_plugin(_AgentPlugin(settings))

    def place(self, order: Order, *, priority: int) -> None:
        """Run an order as soon as its tokens are free."""
        key = order.key
        resources = {"GPU": order.tokens}
        future = self._client.submit(
            _run, order, key=f"{key[0]}-{key[1]}", resources=resources, priority=priority, retries=0, pure=False
        )
        self._futures[key] = future
        future.add_done_callback(self._done)

    def cancel(self, job: int, attempt: int, *, is_forced: bool) -> None:
        """Ask a placed order to stop, or end it; returns at once."""
        # From a side thread: a machine that does not answer must not keep the dispatcher waiting.
        threading.Thread(target=self._cancel, args=(job, attempt, is_forced), daemon=True).start()

    def close(self) -> None:
        """End the children, then dask."""
        self._client.run(_close_agent)
        self._client.close(timeout=2)
        self._cluster.close(timeout=2)

    def _cancel(self, job: int, attempt: int, is_forced: bool) -> None:
        self._client.run(_cancel_in_agent, job, attempt, is_forced, on_error="ignore")

    def _heard(self, event: tuple[float, dict[str, str]]) -> None:
        self._on_event(Progressed.model_validate_json(event[1]["message"]))

    def _done(self, future: Future) -> None:
        job, attempt = (int(part) for part in str(future.key).split("-"))
        self._futures.pop((job, attempt), None)
        try:
            outcome: Outcome = future.result()
        except (Exception, CancelledError) as error:  # dask raises whatever ended the task
            _LOG.warning("job %d was lost with its worker: %s", job, error)
            outcome = Lost(job=job, attempt=attempt)
        self._on_event(outcome)
        future.release()


class _AgentPlugin(WorkerPlugin):  # type: ignore[misc]
    """Puts an agent into each worker, and ends its children with it."""

    name = _AGENT

    def __init__(self, settings: AgentSettings) -> None:
        self._settings = settings

    def setup(self, worker: Worker) -> None:
        agent = Agent(self._settings)
        setattr(worker, _AGENT, agent)
        agent.warm_up()

    def teardown(self, worker: Worker) -> None:
        getattr(worker, _AGENT).close()


def _run(order: Order) -> Outcome:
    worker = get_worker()
    agent: Agent = getattr(worker, _AGENT)
    return agent.run(order, lambda progressed: worker.log_event(_TOPIC, {"message": progressed.model_dump_json()}))


def _cancel_in_agent(job: int, attempt: int, is_forced: bool, *, dask_worker: Worker) -> None:
    getattr(dask_worker, _AGENT).cancel(job, attempt, is_forced=is_forced)


def _close_agent(*, dask_worker: Worker) -> None:
    getattr(dask_worker, _AGENT).close()
