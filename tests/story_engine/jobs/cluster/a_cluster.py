"""A dask cluster on this machine, as an administrator would start it: certificates, scheduler, workers."""

import datetime
import os
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PROJECT = Path(__file__).resolve().parents[4]
LIGHT_WORK = "tests.story_engine.jobs.light_work:MAPPING"
PRELOAD = "story_engine.jobs.cluster.preload"


class Certificates:
    """An authority with one certificate for all ends."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.ca, self.certificate, self.key = (folder / name for name in ("ca.pem", "cert.pem", "key.pem"))
        authority_key = ec.generate_private_key(ec.SECP256R1())
        authority = _certificate("authority", authority_key, authority_key, "authority", is_authority=True)
        key = ec.generate_private_key(ec.SECP256R1())
        own = _certificate("studio", key, authority_key, "authority")
        self.ca.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        self.certificate.write_bytes(own.public_bytes(serialization.Encoding.PEM))
        self.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.key.chmod(0o600)

    @property
    def options(self):
        return ["--tls-ca-file", str(self.ca), "--tls-cert", str(self.certificate), "--tls-key", str(self.key)]

    @property
    def environment(self):
        return {
            "STORY_STUDIO_TLS_CA": str(self.ca),
            "STORY_STUDIO_TLS_CERT": str(self.certificate),
            "STORY_STUDIO_TLS_KEY": str(self.key),
        }


def _certificate(name, key, signing_key, issuer, *, is_authority=False):
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .sign(signing_key, hashes.SHA256())
    )


@contextmanager
def scheduler_of(certificates):
    """The address of what behaves as dask's scheduler to a caller: it wants his certificate, and speaks first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    context.load_verify_locations(certificates.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                accepted, _ = server.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(accepted, server_side=True) as caller:
                    caller.sendall(b"handshake")
            except (ssl.SSLError, OSError):
                accepted.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"tls://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.close()


class Cluster:
    """Scheduler and workers, all ended with `end`."""

    def __init__(self, folder, *, work=LIGHT_WORK, host="127.0.0.1", port=None):
        self.folder = folder
        self.certificates = Certificates(folder / "certificates")
        self.work = work
        self.host, self.port = host, port or free_port()
        self.scheduler = None
        self.workers = {}

    @property
    def address(self):
        return f"tls://{self.host}:{self.port}"

    @property
    def environment(self):
        """Of whoever sends jobs here."""
        return {"STORY_STUDIO_SCHEDULER": self.address} | self.certificates.environment

    def start_scheduler(self):
        options = ["--protocol", "tls", "--host", self.host, "--port", str(self.port), "--no-dashboard", "--no-show"]
        self.scheduler = self._start("scheduler", [*options, *self.certificates.options], {})
        return self.scheduler

    def start_worker(self, name, *, devices=1, workspace=None, shares_folder=False, environment=(), within=()):
        options = [self.address, "--no-nanny", "--no-dashboard", "--nthreads", str(devices), "--memory-limit", "0"]
        options += ["--resources", f"GPU={devices}", "--preload", PRELOAD, *self.certificates.options]
        options += ["--local-directory", str(self.folder / f"dask-{name}"), "--death-timeout", "60"]
        places = {"STORY_STUDIO_WORKSPACE": str(workspace or self.folder / f"workspace-{name}")}
        places |= {"STORY_STUDIO_SHARED_FOLDER": str(int(shares_folder))}
        more = places | {"STORY_STUDIO_WORK": self.work} | dict(environment)
        self.workers[name] = self._start("worker", options, more, name=name, within=within)
        return self.workers[name]

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()

    def end(self):
        for process in (*self.workers.values(), self.scheduler):
            if process is not None and process.poll() is None:
                process.terminate()
        for process in (*self.workers.values(), self.scheduler):
            if process is not None:
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _start(self, what, options, environment, *, name=None, within=()):
        settings = {
            "CUDA_VISIBLE_DEVICES": "",
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
            "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "15s",
            "DASK_DISTRIBUTED__SCHEDULER__REUSE_BROADCAST_COMM": "true",
            "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "false",
            "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "500ms",
        }
        with (self.folder / f"{name or what}.log").open("ab") as log:
            return subprocess.Popen(
                [*within, sys.executable, "-W", "ignore", "-m", "dask", what, *options],
                cwd=PROJECT,
                env=os.environ | settings | environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
