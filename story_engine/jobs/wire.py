"""What agent and child say to each other: one JSON object per line over the child's pipes.

To the child: `run` (job, attempt, kind, spec) and `cancel` (job, attempt). From the child: `accepted`, `progress`
(progress) and `outcome` (outcome: "done" with result, "cancelled", or "failed" with code, values, log_id), each with
job and attempt.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from typing import IO, Any

Message = dict[str, Any]


def encoded(message: Message) -> bytes:
    """One line."""
    return json.dumps(message, ensure_ascii=False, default=str).encode() + b"\n"


def decoded(stream: IO[bytes]) -> Iterator[Message]:
    """The messages of a stream until its end; a line cut off by a death is its end."""
    for line in stream:
        try:
            yield json.loads(line)
        except ValueError:
            return


class Voice:
    """The child's side of its standard output, kept for messages alone: what libraries print goes to the log."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stream = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        sys.stdout = sys.stderr

    def say(self, **message: object) -> None:
        """Send one message whole, from any thread. An agent that is gone cannot be told anything."""
        with self._lock:
            self._stream.write(encoded(message))
