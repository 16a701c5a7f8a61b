"""Lines over the pipes of a child: one JSON object each. What is said about jobs has types, in `jobs/orders.py`."""

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
        """Send one message whole, from any thread. For an agent that is gone it raises BrokenPipeError."""
        self.send(encoded(message))

    def send(self, line: bytes) -> None:
        """The same for a message that is a line already."""
        with self._lock:
            self._stream.write(line)
