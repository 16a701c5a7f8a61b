"""One call of the command line: the options that every command understands, and the engine that they ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import typer
from typer.core import TyperOption

from story_engine.bootstrap import open_services
from story_engine.config import read_config
from story_engine.flows.services import Services


@dataclass(frozen=True, slots=True)
class Call:
    """What the options in front of the command said."""

    workspace: str | None = None
    as_json: bool = False


def services_of(context: typer.Context) -> Services:
    """The engine on the workspace that was asked for."""
    return open_services(read_config(context.obj.workspace))


def story_of(context: typer.Context, story: str) -> tuple[Services, str]:
    """The engine and the slug; a path opens the engine on the folder that the story lies in."""
    config = read_config(context.obj.workspace)
    path = Path(story)
    if path.suffix in (".yaml", ".yml"):
        return open_services(replace(config, stories=path.resolve().parent)), path.stem
    return open_services(config), story


def scene_id(services: Services, slug: str, wanted: str) -> str:
    """A scene's number (1 = first) as its id; ids stay."""
    ids = [scene.id for scene in services.stories.load(slug).scenes]
    is_number = wanted.isdecimal() and wanted not in ids and 0 < int(wanted) <= len(ids)
    return ids[int(wanted) - 1] if is_number else wanted


def in_front(arguments: Sequence[str], options: Iterable[object]) -> list[str]:
    """The arguments with the `options` of every command moved in front of it, where the parser looks for them."""
    takes_value = {
        name: not option.is_flag for option in options if isinstance(option, TyperOption) for name in option.opts
    }
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        name, sign, _ = argument.partition("=")
        if argument == "--":
            rest += [argument, *waiting]
        elif name not in takes_value or (sign and not takes_value[name]):
            rest.append(argument)
        elif sign or not takes_value[name]:
            front.append(argument)
        elif (value := next(waiting, None)) is not None:
            front += [argument, value]
        else:
            rest.append(argument)
    return [*front, *rest]
