"""What is said in a scene as lines that a person types: `speaker: words`, one bubble a line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from story_engine.domain.story import Speech

_NAMED = re.compile(
    r"(?P<speaker>[^:：，。！？、；,.!?;“”\"「」『』\s][^:：，。！？、；,.!?;“”\"「」『』]{0,29}?)\s*[:：]\s*(?P<words>\S.*)"
)
"""A short name without punctuation, a colon, and what is said."""
_NOBODY = ":"
_CONTINUED = "  "


def speech_lines(speech: Sequence[Speech]) -> str:
    """The lines of a scene's speeches; further lines of one bubble are indented."""
    return "\n".join(_line(each) for each in speech)


def speech_from(lines: str) -> tuple[Speech, ...]:
    """The speeches that the lines say. A line that begins with a colon names nobody, whatever else is in it."""
    found: list[Speech] = []
    for line in lines.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        words = line.strip()
        if not words:
            continue
        if line[0].isspace() and found:
            last = found[-1]
            found[-1] = Speech(text=f"{last.text}\n{words}", speaker=last.speaker)
        elif words[0] in ":：":
            found.append(Speech(text=words[1:].strip()))
        elif named := _NAMED.fullmatch(words):
            found.append(Speech(text=named["words"].strip(), speaker=named["speaker"]))
        else:
            found.append(Speech(text=words))
    return tuple(each for each in found if each.text)


def _line(speech: Speech) -> str:
    first, *further = [line.strip() for line in speech.text.split("\n") if line.strip()] or [""]
    speaker = " ".join(speech.speaker.split())
    if speaker:
        line = f"{speaker}: {first}"
    else:
        line = f"{_NOBODY} {first}" if first[:1] in (":", "：") or _NAMED.fullmatch(first) else first
    return "\n".join([line, *(_CONTINUED + each for each in further)])
