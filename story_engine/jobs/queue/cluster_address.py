"""Which cluster, and by which certificates: checked before anything is sent, free of dask."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from story_engine.config import Config
from story_engine.errors import FixInput, StudioError, Wait

_PROBE_SECONDS = 10.0
_LOOPBACK_NAMES = frozenset({"localhost", "localhost.localdomain"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAddress:
    """A scheduler with what proves who we are to each other."""

    url: str
    """`tls://host:port`, or `tcp://` on this machine."""
    host: str
    port: int
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def is_encrypted(self) -> bool:
        """Whether both ends show certificates."""
        return self.ca is not None


def cluster_address(config: Config) -> ClusterAddress:
    """The cluster that the configuration names.

    Raises:
        FixInput: the address cannot be used, is not encrypted, or a certificate is missing.
    """
    given = config.scheduler
    try:
        parts = urlsplit(given)
        host, port = parts.hostname or "", parts.port or 0
    except ValueError:
        parts, host, port = urlsplit(""), "", 0
    if parts.scheme not in ("tls", "tcp") or not host or not port:
        raise FixInput("cluster.not_an_address", value=given[:80])
    if parts.scheme == "tcp":
        if not _is_loopback(host):
            raise FixInput("cluster.not_encrypted", value=given[:80])
        if not config.plain_scheduler:
            raise FixInput("cluster.plain_not_said", value=given[:80])
        return ClusterAddress(url=given, host=host, port=port)
    paths: dict[str, Path] = {}
    for name, path in (("CA", config.tls_ca), ("CERT", config.tls_cert), ("KEY", config.tls_key)):
        if path is None:
            raise FixInput("cluster.certificate_not_named", name=f"STORY_STUDIO_TLS_{name}")
        if not path.is_file():
            raise FixInput("cluster.certificate_missing", name=f"STORY_STUDIO_TLS_{name}", path=str(path))
        paths[name] = path
    address = ClusterAddress(
        url=given, host=host, port=port, ca=paths["CA"], certificate=paths["CERT"], key=paths["KEY"]
    )
    _context(address)
    return address


def probe(address: ClusterAddress) -> None:
    """Shake hands once, to say what is wrong in words: dask itself would only say that it waited in vain.

    Raises:
        Wait: nobody answers.
        FixInput: one of the two does not believe the other's certificate.
    """
    try:
        with socket.create_connection((address.host, address.port), _PROBE_SECONDS) as plain:
            if not address.is_encrypted:
                return
            plain.settimeout(_PROBE_SECONDS)
            with _context(address).wrap_socket(plain) as encrypted:
                # With TLS 1.3 a refused certificate comes back with the first bytes; the scheduler speaks first.
                if not encrypted.recv(1):
                    raise Wait("cluster.unreachable", address=address.url, reason="it closed the connection")
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or str(error)
        raise FixInput("cluster.certificate_refused", address=address.url, reason=str(reason)) from error
    except ConnectionResetError as error:
        raise FixInput("cluster.certificate_refused", address=address.url, reason=str(error)) from error
    except OSError as error:
        raise Wait("cluster.unreachable", address=address.url, reason=str(error)) from error


def _context(address: ClusterAddress) -> ssl.SSLContext:
    """As dask's own: the authority alone is believed, whatever the name of the host."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_verify_locations(str(address.ca))
        context.load_cert_chain(str(address.certificate), str(address.key))
    except (ssl.SSLError, OSError) as error:
        paths = ", ".join(str(path) for path in (address.ca, address.certificate, address.key))
        unreadable: StudioError = FixInput("cluster.certificate_unreadable", paths=paths, reason=str(error))
        raise unreadable from error
    return context


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() in _LOOPBACK_NAMES
