"""An upload through the real ledger, dispatcher and child: progress, outcome, and where the token is not."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.job_result import UploadResult
from story_engine.errors import ChooseAnother, FixInput
from story_engine.jobs import kinds
from tests.story_engine.jobs.conftest import Dispatchers, wait_for
from tests.story_engine.jobs.work.hub_server import OWNER, TOKEN, HubServer

UPLOADS = "tests.story_engine.flows.test_upload:MAPPING"
MAPPING = {"upload": kinds.MAPPING["upload"]}
"""Without the warm-up of painting, which no upload needs."""


@pytest.fixture
def hub(monkeypatch, tmp_path):
    server = HubServer()
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", server.address)
    monkeypatch.setenv("MODELSCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    for name in ("MODELSCOPE_API_TOKEN", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield server
    server.close()


@pytest.fixture
def services(tmp_path):
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


@pytest.fixture
def bundle(tmp_path) -> Path:
    folder = tmp_path / "team"
    folder.mkdir()
    contents = {"README.md": b"# ink\n", "01.png": os.urandom(200_000)}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    sums = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(contents.items())]
    (folder / "SHA256SUMS").write_text("".join(sums))
    return folder


def holding(folder: Path, secret: str) -> list[str]:
    """Files below a folder in which the secret stands, in any encoding that something might write it in."""
    forms = {secret.encode(), secret.encode("utf-16-le"), secret[::-1].encode(), secret.encode().hex().encode()}
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [str(path) for path in files if any(form in path.read_bytes() for form in forms)]


def ended(services, number):
    """The job once it is over."""
    return wait_for(lambda: None if (job := flows.queue.job(services, number)).is_active else job, what="its end")


@pytest.mark.parametrize("outcome", ["done", "failed"])
def test_the_token_reaches_the_hub_and_stands_in_no_file(services, hub, bundle, tmp_path, monkeypatch, outcome):
    dispatchers = Dispatchers(services.layout)
    object.__setattr__(services, "start_dispatcher", lambda: None)
    repository = f"{OWNER}/ink" if outcome == "done" else "somebody/else"
    try:
        dispatchers.start(work=UPLOADS)
        number = flows.upload.start(services, bundle, repository, token=f"  {TOKEN}\n")
        job = ended(services, number)
        assert job.state == outcome, job
        if outcome == "failed":
            # The hub's own answer repeats the token; what is kept of it does not.
            assert job.error_code == "upload.not_yours" and "***" in str(job.error_values)
            again = flows.queue.retry(services, number)
            job = ended(services, again)
            assert job.error_code == "upload.token_gone"
        else:
            assert isinstance(job.result, UploadResult) and job.result.files == 3
            assert set(hub.repositories[repository]) == {"README.md", "01.png", "SHA256SUMS"}
            assert flows.upload.result_of(job) == job.result
    finally:
        dispatchers.end()

    assert services.layout.ledger.is_file() and list(services.layout.logs.rglob("*.log"))
    assert holding(tmp_path, TOKEN) == []
    (tmp_path / "control").write_text(f"x{TOKEN}")
    assert holding(tmp_path, TOKEN) == [str(tmp_path / "control")]


def test_a_dry_run_lists_what_would_go_and_asks_nobody(hub, bundle):
    (bundle / "stray.txt").write_text("x")

    files = flows.upload.what_would_go(bundle)

    assert [file.name for file in files] == ["01.png", "README.md", "SHA256SUMS"]
    assert files[0].size_bytes == 200_000
    assert hub.received == 0 and not hub.puts


def test_what_cannot_be_a_repository_or_a_token_is_refused_before_anything_is_queued(services, bundle, hub):
    wrong = [
        "",
        "ink",
        "/ink",
        "moyun/",
        "a/b/c",
        "a b/c",
        "moyun/<script>",
        "../x",
        "moyun/..",
        "m/\u202eink",
        "m/a\nb",
    ]
    accepted = []
    for name in wrong:
        try:
            flows.upload.start(services, bundle, name, token=TOKEN)
            accepted.append(name)
        except FixInput as error:
            assert error.code == "upload.repository"
    assert accepted == []
    for token, code in (
        ("", "no_token"),
        ("   ", "no_token"),
        ("short", "token_form"),
        ("ms-令牌令牌令牌", "token_form"),
    ):
        with pytest.raises(FixInput) as caught:
            flows.upload.start(services, bundle, f"{OWNER}/ink", token=token)
        assert caught.value.code == f"upload.{code}"
        assert not token.strip() or token.strip() not in str(caught.value)
    with pytest.raises(ChooseAnother):
        flows.upload.start(services, bundle / "none", f"{OWNER}/ink", token=TOKEN)
    assert flows.queue.jobs(services, active=False) == ()
