"""The `models` commands; what a job of theirs does is tested in tests/story_engine/jobs and catalog."""

import json

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.cli.main import DONE, PUT_RIGHT, run
from story_engine.config import read_config
from story_engine.domain.job_spec import DownloadSpec
from story_engine.kolors.family import KOLORS
from tests.local_hub import SDXL_UNET, accept_kolors, kolors_files, serving
from tests.story_engine.catalog.test_places import put


@pytest.fixture
def services(tmp_path, monkeypatch):
    monkeypatch.setenv("STORY_STUDIO_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("STORY_STUDIO_STORIES", str(tmp_path / "stories"))
    monkeypatch.delenv("MODELSCOPE_ENDPOINT", raising=False)
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)
    return open_services(read_config())


def told(capsys, *arguments, code=DONE):
    assert run([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_the_list_says_of_each_model_what_is_here_where_and_what_is_not_needed(services, capsys):
    put(services.layout.models / KOLORS.home, kolors_files())

    models = {each["name"]: each for each in told(capsys, "models", "list")["models"]}

    assert models["kolors"]["ready"] and models["kolors"]["folder"].endswith("models/kolors/Kolors")
    assert models["kolors"]["licence"]["accepted_at"] == ""
    assert not models["aesthetic"]["ready"] and models["aesthetic"]["missing_bytes"] > 10**9
    assert not models["sdxl-vae-fp16-fix"]["is_needed"]
    assert run(["models", "list"]) == DONE
    assert "not needed" in capsys.readouterr().out


def test_a_download_wants_the_licence_read_and_remembers_that_it_was(services, capsys):
    assert run(["models", "download", "kolors", "--no-wait"]) == PUT_RIGHT
    shown = capsys.readouterr().err
    assert "MODEL_LICENSE" in shown and "--accept-licence" in shown and "a summary, not the agreement" in shown

    job = told(capsys, "models", "download", "kolors", "--no-wait", "--accept-licence")["job"]

    assert services.ledger.spec(job) == DownloadSpec(family="kolors")
    (kolors,) = [each for each in told(capsys, "models", "list")["models"] if each["name"] == "kolors"]
    assert kolors["licence"]["accepted_at"]
    assert told(capsys, "models", "download", "kolors", "--no-wait")["job"] == job


def test_a_download_is_paused_and_goes_on(services, capsys):
    accept_kolors(services.layout)
    assert run(["models", "pause", "kolors"]) == PUT_RIGHT
    job = flows.models.download(services, "kolors")

    assert told(capsys, "models", "pause", "kolors")["job"] == job
    assert flows.queue.job(services, job).state == "cancelled"
    assert services.ledger.spec(told(capsys, "models", "resume", "kolors", "--no-wait")["job"]) == DownloadSpec(
        family="kolors"
    )


def test_what_is_not_needed_is_not_downloaded(services, capsys):
    assert run(["models", "download", "sdxl-vae-fp16-fix"]) == PUT_RIGHT

    assert "float32" in capsys.readouterr().err


def test_files_are_verified_with_what_the_hub_says_and_a_wrong_one_is_put_right_by_the_caller(
    services, capsys, monkeypatch
):
    folder = services.layout.models / KOLORS.home
    put(folder, kolors_files())
    with serving(kolors_files()) as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.endpoint)
        assert told(capsys, "models", "verify", "kolors")["ok"]
        path = folder / "vae/diffusion_pytorch_model.safetensors"
        path.write_bytes(path.read_bytes()[:-1] + b"?")

        report = told(capsys, "models", "verify", code=PUT_RIGHT)

    (kolors,) = [each for each in report["models"] if each["family"] == "kolors"]
    assert kolors["source"] == "hub" and kolors["aside"] == ["vae/diffusion_pytorch_model.safetensors"]


def test_a_folder_is_used_chosen_and_forgotten(services, capsys, tmp_path):
    for name in ("a", "b"):
        put(tmp_path / name / "Kolors", kolors_files())
        told(capsys, "models", "use", str(tmp_path / name))
    listed = told(capsys, "models", "use", str(tmp_path / "b" / "Kolors"), "--for", "kolors")
    (kolors,) = [each for each in listed["models"] if each["name"] == "kolors"]
    assert kolors["folder"] == str(tmp_path / "b" / "Kolors") and len(kolors["places"]) == 2

    listed = told(capsys, "models", "use", str(tmp_path / "b"), "--forget")

    assert listed["hub"]["folders"] == [str(tmp_path / "a")]
    assert (tmp_path / "b" / "Kolors").is_dir()


def test_another_model_in_kolors_place_is_said_in_the_list(services, capsys):
    put(
        services.layout.models / KOLORS.home,
        kolors_files() | {"unet/diffusion_pytorch_model.fp16.safetensors": SDXL_UNET},
    )

    assert run(["models", "list"]) == DONE

    assert "U-Net of another model (SDXL)" in capsys.readouterr().out


def test_a_mirror_is_kept_and_the_environment_wins(services, capsys, monkeypatch):
    assert run(["models", "mirror", "http://hub.example.cn"]) == PUT_RIGHT
    assert told(capsys, "models", "mirror", "https://hub.example.cn")["address"] == "https://hub.example.cn"
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://10.0.0.1")
    assert told(capsys, "models", "mirror")["address"] == "http://10.0.0.1"
    monkeypatch.delenv("MODELSCOPE_ENDPOINT")

    assert told(capsys, "models", "mirror", "--clear")["address"] == "https://modelscope.cn"
