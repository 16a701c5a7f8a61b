"""The one connection to a dask scheduler: calls with an end to them, and what became of it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Any

import dask
from distributed import Client, Future
from distributed.security import Security

from story_engine.jobs.cluster.parcels import RESOURCE
from story_engine.jobs.queue.cluster_address import ClusterAddress

CALL_SECONDS = 15.0
"""How long a call to a worker or the scheduler may take: one to a machine that is gone would wait for minutes."""
_CLOSE_SECONDS = 2.0
_QUIET = {
    "distributed.comm.timeouts.connect": "10s",
    "distributed.admin.large-graph-warning-threshold": "1GB",
    # Only the keeper decides when to connect again: a client that comes back by itself has lost all it waited for.
    "distributed.comm.retry.count": 0,
}
_LOG = logging.getLogger(__name__)


class Connection:
    """A live client of one scheduler.

    Args:
        address: which, with certificates.

    Raises:
        OSError: it cannot be reached.
    """

    def __init__(self, address: ClusterAddress) -> None:
        dask.config.set(_QUIET)
        self._client = Client(
            address.url,
            security=_security(address),
            timeout=CALL_SECONDS,
            set_as_default=False,
            name="story-studio",
            direct_to_workers=False,
        )
        self.scheduler = str(self._identity()["id"])
        """Which one: a scheduler that was restarted is another."""

    @property
    def is_alive(self) -> bool:
        """Whether the scheduler that was connected to still answers."""
        return bool(self._client.status == "running")

    def workers(self) -> dict[str, Mapping[str, Any]]:
        """Address → what the scheduler knows of each worker.

        Raises:
            OSError: the scheduler does not answer, or is another one now.
        """
        found = self._identity()
        if not self.is_alive or str(found["id"]) != self.scheduler:
            raise OSError("the scheduler was restarted")
        workers: dict[str, Mapping[str, Any]] = found["workers"]
        return workers

    def submit(self, function: Callable[..., Any], *given: object, key: str, worker: str, tokens: int) -> Future:
        """Have a function run as a task on exactly this worker, which sets `tokens` devices aside for it."""
        return self._client.submit(
            function,
            *given,
            key=key,
            workers=[worker],
            allow_other_workers=False,
            resources={RESOURCE: tokens},
            retries=0,
            pure=False,
        )

    def ask(self, worker: str, function: Callable[..., Any], *given: object, seconds: float = CALL_SECONDS) -> Any:
        """Run a function beside the tasks of a worker.

        Raises:
            OSError: the worker or the scheduler does not answer.
            Exception: whatever the function raised.
        """
        try:
            answers = self._client.sync(self._client._run, function, *given, workers=[worker], callback_timeout=seconds)
        except TimeoutError as error:
            raise OSError(f"no answer within {seconds:.0f} s") from error
        if worker not in answers:
            raise OSError("the worker is gone")
        return answers[worker]

    def close(self) -> None:
        """Let go of it; what it waited for is forgotten."""
        with contextlib.suppress(Exception):
            self._client.close(timeout=_CLOSE_SECONDS)

    def _identity(self) -> dict[str, Any]:
        scheduler: Any = self._client.scheduler
        if scheduler is None:
            raise OSError("the connection was lost")
        try:
            found: dict[str, Any] = self._client.sync(scheduler.identity, callback_timeout=CALL_SECONDS)
        except TimeoutError as error:
            raise OSError(f"no answer within {CALL_SECONDS:.0f} s") from error
        return found


def _security(address: ClusterAddress) -> Security | None:
    if not address.is_encrypted:
        return None
    return Security(
        tls_ca_file=str(address.ca),
        tls_client_cert=str(address.certificate),
        tls_client_key=str(address.key),
        require_encryption=True,
    )
