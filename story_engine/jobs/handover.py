"""A secret on its way from the process in which it was typed to the child that needs it, past every file.

The ledger holds a ticket: the address of a socket (in a folder that only this user may enter) and a key for it, both
worth nothing once the process that holds the secret has ended or the job is over. Whoever tries again is asked again.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener

from story_engine.errors import FixInput

_TAKE, _OVER = b"take", b"over"
_LONGEST_BYTES = 4096


def offer(secret: str) -> str:
    """Keep a secret in memory and hand it to whoever has the ticket, until that says that the work is over."""
    key = secrets.token_bytes(32)
    listener = Listener(authkey=key)
    threading.Thread(target=_serve, args=(listener, secret.encode()), name="handover", daemon=True).start()
    return json.dumps({"address": listener.address, "key": key.hex()})


def take(ticket: str) -> str:
    """The secret behind a ticket; it can be taken again, by a child that follows one that died.

    Raises:
        FixInput: the process that held it is gone, or the work was over before.
    """
    return _ask(ticket, _TAKE).decode()


def over(ticket: str) -> None:
    """Nobody needs the secret any more."""
    with contextlib.suppress(FixInput):
        _ask(ticket, _OVER)


def _ask(ticket: str, what: bytes) -> bytes:
    try:
        parsed = json.loads(ticket)
        with Client(str(parsed["address"]), authkey=bytes.fromhex(parsed["key"])) as connection:
            connection.send_bytes(what)
            return connection.recv_bytes(_LONGEST_BYTES)
    except (OSError, EOFError, ValueError, KeyError, TypeError, AuthenticationError) as error:
        raise FixInput("upload.token_gone") from error


def _serve(listener: Listener, secret: bytes) -> None:
    """Until told that it is over; a caller without the key, or one that dies, changes nothing."""
    with listener:
        while True:
            try:
                with listener.accept() as connection:
                    what = connection.recv_bytes(_LONGEST_BYTES)
                    connection.send_bytes(secret if what == _TAKE else b"")
            except (OSError, EOFError, AuthenticationError):
                continue
            if what == _OVER:
                return
