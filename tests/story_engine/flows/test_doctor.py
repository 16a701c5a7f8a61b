"""The doctor says what is wrong with a set-up, and what to do."""

from __future__ import annotations

import socket
import threading
from contextlib import closing

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.set_up import Check
from story_engine.flows import doctor
from story_engine.messages import LANGUAGES, message
from tests.story_engine.jobs.cluster.a_cluster import Certificates, scheduler_of


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    return Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories")


def found(config: Config, **asked: object) -> dict[str, Check]:
    return {each.name: each for each in flows.doctor.examine(config, open_services, **asked)}


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return int(taken.getsockname()[1])


def test_a_machine_that_is_set_up_has_no_problem_and_every_check_has_words(config):
    checks = flows.doctor.examine(config, open_services, port=free_port())

    assert not [each for each in checks if each.state == "problem"]
    assert {each.name for each in checks} >= {"python", "packages", "gpu", "fonts", "disk", "memory", "jobs", "hub"}
    assert all(message(each.code, language, **each.values) for each in checks for language in LANGUAGES)
    assert found(config, port=free_port())["hub"].code == "doctor.hub_unreachable"


def test_packages_that_are_missing_or_of_another_version_are_named(config, monkeypatch, tmp_path):
    (tmp_path / "requirements.txt").write_text("streamlit>=99 # why\nno-such-thing\n\n# nothing\nnumpy>=1\n")
    monkeypatch.setattr(doctor, "PROJECT_FOLDER", tmp_path)

    check = found(config, port=free_port())["packages"]

    assert check.state == "problem" and "numpy" not in str(check.values["listed"])
    assert "no-such-thing (–)" in str(check.values["listed"]) and ">=99" in str(check.values["listed"])


@pytest.mark.parametrize(
    ("torch_does", "code"),
    [
        ("print('13.0', 0)", "doctor.gpu_unusable"),
        ("print('13.0', 1)", "doctor.gpu"),
        ("raise ImportError('libcudart.so is missing')", "doctor.torch_broken"),
    ],
)
def test_a_gpu_that_torch_cannot_use_is_a_problem(config, monkeypatch, torch_does, code):
    monkeypatch.setattr(doctor, "gpu_names", lambda: ("GeForce",))
    monkeypatch.setattr(doctor, "_ASK_TORCH", torch_does)

    check = found(config, port=free_port())["gpu"]

    assert check.code == code and check.state == ("ok" if code == "doctor.gpu" else "problem")
    assert code != "doctor.torch_broken" or "libcudart" in str(check.values["reason"])


def test_a_workspace_that_cannot_be_used_is_a_problem_and_the_rest_is_looked_at(config):
    config.workspace.write_text("a file")

    checks = found(config, port=free_port())

    assert checks["workspace"].state == "problem" and "hub" in checks and "memory" not in checks


def test_a_full_disk_and_little_memory_are_warned_of(config, monkeypatch):
    monkeypatch.setattr(doctor, "_LITTLE_DISK", 2**62)
    monkeypatch.setattr("story_engine.flows.memory.free_bytes", lambda: 2**29)

    checks = found(config, port=free_port())

    assert (checks["disk"].state, checks["memory"].state) == ("warning", "warning")


def test_a_port_of_another_program_is_told_from_a_free_one(config):
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        threading.Thread(target=lambda: other.accept()[0].sendall(b"SSH-2.0-x\r\n\r\n"), daemon=True).start()
        assert found(config, port=other.getsockname()[1])["pages"].code == "doctor.port_taken"
    assert found(config, port=free_port())["pages"].code == "doctor.pages_not_served"


def test_without_a_server_a_name_is_held_against_the_list(config):
    allowed = Config(workspace=config.workspace, stories=config.stories, allowed_hosts=("*.example.cn",))

    assert found(allowed, port=free_port(), host="lab.example.cn:8443")["host"].state == "ok"
    refused = found(allowed, port=free_port(), host="lab.example.com")["host"]
    assert refused.state == "problem"
    assert "STORY_STUDIO_ALLOWED_HOSTS=*.example.cn,lab.example.com " in str(refused.values["command"])


def test_who_comes_by_a_gateway_is_told_before_anybody_asks(config, monkeypatch):
    for variable in doctor.doctor_network.PLACES.values():
        monkeypatch.delenv(variable, raising=False)
    assert "host" not in found(config, port=free_port())
    monkeypatch.setenv("AutoDLContainerUUID", "x")
    assert found(config, port=free_port())["host"].values["place"] == "AutoDL"


def test_a_scheduler_with_other_certificates_or_none_at_all_is_a_problem_with_its_reason(config, tmp_path):
    ours, theirs = Certificates(tmp_path / "ours"), Certificates(tmp_path / "theirs")

    def told(address: str, of: Certificates) -> Check:
        config_of = Config(
            workspace=config.workspace,
            stories=config.stories,
            scheduler=address,
            tls_ca=of.ca,
            tls_cert=of.certificate,
            tls_key=of.key,
        )
        (check,) = doctor.doctor_network.cluster(config_of)
        return check

    assert list(doctor.doctor_network.cluster(config)) == []
    with scheduler_of(theirs) as address:
        assert (told(address, theirs).state, told(address, theirs).code) == ("ok", "doctor.cluster")
        refused = told(address, ours)
    assert (refused.state, refused.code) == ("problem", "cluster.certificate_refused")
    assert "certificate" in message(refused.code, "en", **refused.values)
    assert told(f"tls://127.0.0.1:{free_port()}", ours).code == "cluster.unreachable"
    assert told("tcp://10.0.0.1:8786", ours).code == "cluster.not_encrypted"
