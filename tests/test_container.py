"""The container's files name what is really there. No container is built here: that needs a builder."""

from __future__ import annotations

import re

import yaml

from story_engine.config import LIMIT_VARIABLE, PROJECT_FOLDER

DOCKERFILE = (PROJECT_FOLDER / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((PROJECT_FOLDER / "compose.yaml").read_text(encoding="utf-8"))


def test_the_image_s_python_is_one_that_the_project_supports():
    (version,) = re.findall(r"^FROM python:(\d+\.\d+)", DOCKERFILE, re.MULTILINE)
    (oldest,) = re.findall(r'requires-python = ">=([\d.]+)"', (PROJECT_FOLDER / "pyproject.toml").read_text())

    assert tuple(map(int, version.split("."))) >= tuple(map(int, oldest.split(".")))


def test_volumes_hold_what_the_studio_keeps_and_the_user_may_write_there():
    declared = set(re.findall(r'"(/studio/[a-z]+)"', re.search(r"^VOLUME .*$", DOCKERFILE, re.MULTILINE)[0]))

    for service in COMPOSE["services"].values():
        mounted = dict(volume.split(":") for volume in service["volumes"])
        assert set(mounted.values()) == declared and set(mounted) == set(COMPOSE["volumes"])
    assert {"workspace", "stories"} == {folder.removeprefix("/studio/") for folder in declared}
    assert "chown studio:studio . workspace stories" in DOCKERFILE


def test_it_is_published_on_the_host_s_loopback_only_and_one_service_starts_unasked():
    services = COMPOSE["services"]

    assert all(port.startswith("127.0.0.1:") for service in services.values() for port in service["ports"])
    assert [name for name, service in services.items() if not service.get("profiles")] == ["studio"]


def test_every_variable_is_one_that_the_studio_reads():
    sources = "".join(path.read_text(encoding="utf-8") for path in (PROJECT_FOLDER / "story_engine").rglob("*.py"))
    given = COMPOSE["services"]["studio"]["environment"]

    assert LIMIT_VARIABLE in given and all(f'"{name}"' in sources for name in given)
