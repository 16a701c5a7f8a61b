from pathlib import Path

import pytest

from story_engine.config import Config
from story_engine.errors import FixInput, Wait
from story_engine.jobs.queue.cluster_address import cluster_address, probe
from tests.story_engine.jobs.cluster.a_cluster import Certificates, free_port, scheduler_of


def a_config(scheduler, certificates=None, **more):
    paths = {}
    if certificates is not None:
        paths = {"tls_ca": certificates.ca, "tls_cert": certificates.certificate, "tls_key": certificates.key}
    return Config(workspace=Path("w"), stories=Path("s"), scheduler=scheduler, **(paths | more))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.mark.parametrize(
    ("scheduler", "code"),
    [
        ("gpu-1:8786", "cluster.not_an_address"),
        ("tls://gpu-1", "cluster.not_an_address"),
        ("tls://gpu-1:port", "cluster.not_an_address"),
        ("https://gpu-1:8786", "cluster.not_an_address"),
        ("tcp://gpu-1:8786", "cluster.not_encrypted"),
        ("tcp://127.0.0.1:8786", "cluster.plain_not_said"),
        ("tls://gpu-1:8786", "cluster.certificate_not_named"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_the_reason(scheduler, code):
    with pytest.raises(FixInput) as refused:
        cluster_address(a_config(scheduler))

    assert refused.value.code == code


def test_an_unencrypted_scheduler_is_spoken_to_on_this_machine_where_that_is_said():
    assert not cluster_address(a_config("tcp://127.0.0.1:8786", plain_scheduler=True)).is_encrypted
    with pytest.raises(FixInput):
        cluster_address(a_config("tcp://10.0.0.7:8786", plain_scheduler=True))


def test_certificates_that_are_missing_or_do_not_belong_together_are_named(certificates, tmp_path):
    with pytest.raises(FixInput) as missing:
        cluster_address(a_config("tls://gpu-1:8786", certificates, tls_key=tmp_path / "none.pem"))
    with pytest.raises(FixInput) as unfit:
        cluster_address(a_config("tls://gpu-1:8786", certificates, tls_key=Certificates(tmp_path / "others").key))

    assert (missing.value.code, missing.value.values["name"]) == ("cluster.certificate_missing", "STORY_STUDIO_TLS_KEY")
    assert unfit.value.code == "cluster.certificate_unreadable"


@pytest.fixture
def a_scheduler(certificates):
    with scheduler_of(certificates) as address:
        yield address


def test_a_certificate_that_one_side_does_not_believe_is_told_at_once(certificates, a_scheduler, tmp_path):
    probe(cluster_address(a_config(a_scheduler, certificates)))
    others = Certificates(tmp_path / "others")
    with pytest.raises(FixInput) as unbelieved:
        probe(cluster_address(a_config(a_scheduler, others)))
    with pytest.raises(FixInput) as refused:
        probe(cluster_address(a_config(a_scheduler, others, tls_ca=certificates.ca)))

    assert unbelieved.value.code == refused.value.code == "cluster.certificate_refused"
    assert "certificate" in unbelieved.value.values["reason"]


def test_nobody_at_home_is_something_to_wait_for(certificates):
    with pytest.raises(Wait) as waits:
        probe(cluster_address(a_config(f"tls://127.0.0.1:{free_port()}", certificates)))

    assert waits.value.code == "cluster.unreachable"
