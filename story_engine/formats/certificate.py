"""`certificate.md`: what came of painting a bundle again, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from story_engine.domain.replay import ROUNDING, PictureReplay, ReplayReport
from story_engine.messages import LANGUAGES, message

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#!~&])")
_LONGEST_CELL = 200
COLUMNS = (
    "replay.column_picture",
    "replay.column_seed",
    "replay.column_differing",
    "replay.column_largest",
    "replay.column_mean",
    "replay.column_score",
    "replay.column_again",
    "replay.column_score_distance",
)
"""Of the table, by the codes of their titles."""


def certificate(report: ReplayReport) -> str:
    """A page of Markdown; the same report makes the same text."""
    return "\n".join(line for language in LANGUAGES for line in _lines(report, language)).rstrip() + "\n"


def verdict(report: ReplayReport) -> str:
    """Code of the text that says what came out."""
    if report.identical == len(report.pictures):
        return "replay.all_identical"
    return "replay.within_rounding" if report.largest <= ROUNDING else "replay.different"


def _lines(report: ReplayReport, language: str) -> Iterator[str]:
    def say(code: str, **values: object) -> str:
        return message(code, language, **values)

    figures = {"count": len(report.pictures), "identical": report.identical, "largest": report.largest}
    yield f"# {say('replay.certificate')}"
    yield ""
    yield f"**{say(verdict(report), **figures)}**"
    yield ""
    yield f"- {say('replay.when', when=report.finished_at, seconds=f'{report.seconds:g}')}"
    yield f"- {say('replay.bundle', name=_cell(report.bundle))}"
    for family, weights in sorted(report.bases.items()):
        yield f"- {say('replay.base', family=_cell(family), sha256=weights)}"
    for name, sha256 in sorted(report.loras.items()):
        yield f"- {say('replay.lora', name=_cell(name), sha256=sha256)}"
    made = ", ".join(f"{_cell(name)} {_cell(value)}" for name, value in report.made_with.items())
    yield f"- {say('replay.machine', made_with=made)}"
    if report.scorer:
        yield f"- {say('replay.scorer', name=_cell(report.scorer), version=_cell(report.scorer_version))}"
    yield ""
    yield "| " + " | ".join(say(each) for each in COLUMNS) + " |"
    yield "|---|" + "---:|" * (len(COLUMNS) - 1)
    for picture in report.pictures:
        yield "| " + " | ".join(cells(picture)) + " |"
    other = other_conditions(report)
    if other:
        yield ""
        yield say("replay.other_conditions")
        yield ""
        for name, (then, now) in other.items():
            yield f"- {_cell(name)}: {_cell(then)} → {_cell(now)}"
    yield ""
    # The script in the bundle paints with one Kolors.
    yield say("replay.by_yourself" if set(report.bases) == {"kolors"} else "replay.by_studio")
    yield ""


def cells(picture: PictureReplay) -> tuple[str, ...]:
    """One row of the table, in the order of its columns."""
    both = picture.score is not None and picture.score_again is not None
    apart = (picture.score_again or 0.0) - (picture.score or 0.0)
    return (
        _cell(picture.file),
        str(picture.seed),
        f"{picture.differing:.4%}" if picture.differing else "0",
        str(picture.largest),
        f"{picture.mean:.4f}" if picture.mean else "0",
        "–" if picture.score is None else f"{picture.score:z.4f}",
        "–" if picture.score_again is None else f"{picture.score_again:z.4f}",
        f"{apart:+z.4f}" if both and apart else ("0" if both else "–"),
    )


def other_conditions(report: ReplayReport) -> dict[str, tuple[str, str]]:
    """What was otherwise when one of the pictures was painted: then, now."""
    found: dict[str, tuple[str, str]] = {}
    for picture in report.pictures:
        found |= picture.other_conditions
    return dict(sorted(found.items()))


def _cell(text: str) -> str:
    """Somebody's text within a line of Markdown: shown, never obeyed."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return _MARKDOWN.sub(r"\\\1", line[:_LONGEST_CELL])
