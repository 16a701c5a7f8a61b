"""How a person likes the story page: apart from every story, and part of none."""

from __future__ import annotations

from typing import Literal, get_args

from story_engine.domain.value import Value

Layout = Literal["dense", "comfortable"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
SceneField = Literal["caption", "speech", "note", "who", "loras", "controls", "sent", "recall"]
FOLDED: tuple[SceneField, ...] = get_args(SceneField)
"""What a dense scene folds away, in the order in which it is shown."""


class Desk(Value):
    """What a person chose."""

    scenes: Layout = "dense"
    """"dense": three scenes on a screen, what is rarely used folded away; "comfortable": large, everything open."""
    shown: tuple[SceneField, ...] = ()
    """What dense scenes show all the same."""
