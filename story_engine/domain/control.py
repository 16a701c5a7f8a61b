"""Pictures that hold a scene's picture to something: its lines, its depth, a pose, or the look of another picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from story_engine.domain.findings import Findings, choice, number, text
from story_engine.domain.value import Value
from story_engine.errors import ChooseAnother, FixInput, InstallOrDownload

KINDS = ("edges", "depth", "pose", "likeness")
"""White lines on black; near is bright; a skeleton as OpenPose draws it; any picture at all."""
MAPS = ("edges", "depth", "pose")
"""Those that lie over the picture point by point, and so have its shape."""
MOST_CONTROLS = len(KINDS)
LARGEST_WEIGHT = 2.0
USUAL_WEIGHT: Mapping[str, float] = {"edges": 0.7, "depth": 0.7, "pose": 0.7, "likeness": 0.5}
USUAL_END: Mapping[str, float] = {"edges": 0.9, "depth": 0.9, "pose": 0.9, "likeness": 1.0}
"""Source of both: the published samples, Kwai-Kolors/Kolors, controlnet/ and ipadapter/."""
_DIGITS = 64
_SHAPES_ALIKE = 0.02
"""A map that is wider or narrower than the picture by no more than this share is stretched; other ones are refused."""


def _sha256(found: Findings, path: str, value: object) -> object:
    clean = text(_DIGITS)(found, path, value)
    is_digest = isinstance(clean, str) and len(clean) == _DIGITS and set(clean) <= set("0123456789abcdef")
    if isinstance(clean, str) and clean and not is_digest:
        found.add(path, "story.control_picture", value=clean[:12])
    return clean


class ControlUse(Value):
    """A picture that a scene is held to, by content."""

    kind: Annotated[str, choice(KINDS)]
    picture: Annotated[str, _sha256]
    """SHA-256 of the picture among the workspace's references."""
    weight: Annotated[float, number(0.0, LARGEST_WEIGHT, "story.control_weight")] = 0.7
    """1.0 = as trained."""
    begin: Annotated[float, number(0.0, 1.0, "story.control_share")] = 0.0
    """Share of the steps from which on it acts."""
    end: Annotated[float, number(0.0, 1.0, "story.control_share")] = 1.0
    """Share of the steps up to which it acts."""


class ControlPart(Value):
    """The same in a recipe."""

    kind: str
    picture: str
    """SHA-256."""
    weights_hash: str
    """Of the adapter's weights."""
    weight: float
    begin: float = 0.0
    end: float = 1.0

    def acts(self, step: int, steps: int) -> bool:
        """Whether it acts in this step, counted from 0: the steps that lie within its range as a whole.

        Source: diffusers 0.39, pipeline_controlnet_sd_xl.py, `controlnet_keep`.
        """
        return step / steps >= self.begin and (step + 1) / steps <= self.end


def control_parts(
    uses: tuple[ControlUse, ...], known: Mapping[str, str], *, family: str, is_stand_in: bool
) -> tuple[ControlPart, ...]:
    """What of a scene's controls goes into a recipe: none without weight; those that a stand-in lacks are left out.

    Args:
        uses: of the scene.
        known: kind → hash of the family's adapter, empty where its files are missing.
        family: what people call it.
        is_stand_in: whether another family paints in the place of the author's.

    Raises:
        ChooseAnother: the family has no such adapter.
        InstallOrDownload: its files are missing.
        FixInput: the range of steps is empty, or one kind is there twice.
    """
    parts: list[ControlPart] = []
    for use in uses:
        if use.weight == 0 or (is_stand_in and not known.get(use.kind)):
            continue
        if use.kind not in known:
            raise ChooseAnother("story.control_family", kind=use.kind, family=family)
        if not known[use.kind]:
            raise InstallOrDownload("story.control_files", kind=use.kind, family=family)
        if use.begin >= use.end:
            raise FixInput("story.control_range", begin=f"{use.begin:g}", end=f"{use.end:g}")
        if any(part.kind == use.kind for part in parts):
            raise FixInput("story.control_twice", kind=use.kind)
        parts.append(
            ControlPart(
                kind=use.kind,
                picture=use.picture,
                weights_hash=known[use.kind],
                weight=use.weight,
                begin=use.begin,
                end=use.end,
            )
        )
    return tuple(sorted(parts, key=lambda part: KINDS.index(part.kind)))


def uses_of(parts: tuple[ControlPart, ...]) -> tuple[ControlUse, ...]:
    """What a scene has to have to be painted as a recipe was."""
    names = ("kind", "picture", "weight", "begin", "end")
    return tuple(ControlUse(**{name: getattr(part, name) for name in names}) for part in parts)


def has_shape(width: int, height: int, *, wanted_width: int, wanted_height: int) -> bool:
    """Whether a map has the picture's shape, whatever its size."""
    return abs(width * wanted_height / (height * wanted_width) - 1) <= _SHAPES_ALIKE
