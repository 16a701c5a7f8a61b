"""A bundle on its way to a hub that speaks ModelScope's protocol: sent, cut off, resumed, refused."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from pathlib import Path

import pytest

from story_engine.domain.job_spec import UploadSpec
from story_engine.errors import Cancelled, FixInput, StudioError, Wait
from story_engine.jobs import handover
from story_engine.jobs.work import upload
from story_engine.store.layout import Layout
from tests.story_engine.jobs.work.hub_server import OWNER, TOKEN, HubServer

REPOSITORY = f"{OWNER}/moyun-可图Kolors训练-ink"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    server = HubServer()
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", server.address)
    monkeypatch.setenv("MODELSCOPE_HOME", str(tmp_path / "home"))
    for name in ("MODELSCOPE_API_TOKEN", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield server
    server.close()


@pytest.fixture
def bundle(tmp_path) -> Path:
    folder = tmp_path / "moyun-可图Kolors训练-ink"
    contents = {"README.md": b"# ink\n", "configuration.json": b"{}", "prompts.md": b"| 1 |"}
    contents |= {f"images/{n:02}.png": os.urandom(300_000) for n in range(1, 5)}
    contents |= {"lora/ink.safetensors": os.urandom(1_000_000)}
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    sums = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(contents.items())]
    (folder / "SHA256SUMS").write_text("".join(sums))
    (folder / "added later.txt").write_text("nobody vouches for it")
    return folder


def uploaded(bundle, repository=REPOSITORY, *, token=TOKEN, told=None, should_stop=lambda: False, **fields):
    spec = UploadSpec(bundle=str(bundle), repository=repository, ticket=handover.offer(token), **fields)
    layout = Layout(bundle.parent / "workspace", bundle.parent / "stories")
    report = (told if told is not None else []).append
    return upload.run(spec, job=1, report=report, should_stop=should_stop, layout=layout)


def refused(*given, **named) -> StudioError:
    with pytest.raises(StudioError) as caught:
        uploaded(*given, **named)
    error: BaseException | None = caught.value
    while error is not None:  # nothing that a log would print may hold the token
        assert TOKEN not in f"{error!r} {error}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return caught.value


def test_every_listed_file_arrives_and_nothing_else(hub, bundle):
    told = []

    result = uploaded(bundle, told=told, private=True)

    arrived = hub.repositories[REPOSITORY]
    wanted = {path.relative_to(bundle).as_posix(): path.read_bytes() for path in bundle.rglob("*") if path.is_file()}
    assert arrived == {name: content for name, content in wanted.items() if name != "added later.txt"}
    assert result.files == len(arrived) and result.sent_bytes == 2_200_000 and result.found_bytes == 0
    assert result.url == f"{hub.address}/models/{REPOSITORY}" and hub.visibility[REPOSITORY] == 1
    assert {"checking", "uploading"} <= {progress.stage for progress in told}
    assert any(progress.note == "lora/ink.safetensors" for progress in told) or told[-1].note

    again = uploaded(bundle)
    assert again.sent_bytes == 0 and again.found_bytes == 2_200_000 and len(hub.puts) == 5


def test_what_arrived_before_the_connection_was_cut_is_not_sent_again(hub, bundle):
    hub.cut_after = 900_000

    error = refused(bundle)

    assert isinstance(error, Wait) and error.code == "upload.cut_off"
    before = set(hub.puts)
    assert 0 < len(before) < 5 and not hub.repositories[REPOSITORY]
    hub.cut_after = None
    result = uploaded(bundle)
    assert len(hub.puts) == len(set(hub.puts)) == 5 and result.found_bytes > 0
    assert result.found_bytes + result.sent_bytes == 2_200_000
    assert len(hub.repositories[REPOSITORY]) == result.files


def test_refusals_name_what_to_do(hub, bundle):
    assert refused(bundle, token="ms-wrong-wrong-wrong").code == "upload.wrong_token"
    assert refused(bundle, "somebody/else").code == "upload.not_yours"
    assert refused(bundle, "somebody/new").code == "upload.not_yours"
    assert refused(bundle, f"{OWNER}/badword").code == "upload.refused"
    assert refused(bundle, f"{OWNER}/badword").values["reason"] == "name is illegal"
    (bundle / "README.md").write_text("changed")
    assert refused(bundle).code == "replay.file_changed"
    assert not hub.puts


def test_a_stop_is_heard_within_a_file(hub, bundle):
    told = []

    with pytest.raises(Cancelled):
        uploaded(bundle, told=told, should_stop=lambda: any(each.stage == "uploading" for each in told))

    assert not hub.repositories.get(REPOSITORY)


def test_a_hub_that_does_not_answer_is_told_within_ten_seconds(hub, bundle, monkeypatch):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        error = refused(bundle)

    assert isinstance(error, Wait) and error.code == "upload.unreachable"
    assert time.monotonic() - started < 10


def test_the_token_is_handed_over_once_per_upload_and_gone_afterwards(hub, bundle):
    spec = UploadSpec(bundle=str(bundle), repository=REPOSITORY, ticket=handover.offer(TOKEN))
    assert TOKEN not in spec.model_dump_json()
    assert handover.take(spec.ticket) == TOKEN == handover.take(spec.ticket)

    handover.over(spec.ticket)

    with pytest.raises(FixInput) as caught:
        handover.take(spec.ticket)
    assert caught.value.code == "upload.token_gone"
    stranger = spec.ticket.replace('"key": "', '"key": "00')
    with pytest.raises(FixInput):
        handover.take(stranger)
    for broken in ("", "{}", "null", '{"address": 3, "key": "zz"}'):
        with pytest.raises(FixInput):
            handover.take(broken)


def test_a_caller_without_the_key_gets_nothing_and_disturbs_nobody():
    ticket = handover.offer(TOKEN)
    stranger = ticket[:-4] + ("0000" if ticket[-4:-2] != "00" else "11") + ticket[-2:]

    with pytest.raises(FixInput):
        handover.take(stranger)

    assert handover.take(ticket) == TOKEN
    handover.over(ticket)
