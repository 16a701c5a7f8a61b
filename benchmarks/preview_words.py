"""Which words the preview model understands: every phrase for a subject and for where it is, each painted and read.

    python -m benchmarks.preview_words               # 714 pictures, about a quarter of an hour of one thread
    python -m benchmarks.preview_words --every 4     # each fourth phrase

Prompts of `preview_fidelity` are worded as captions are, where the usual words come far more often than the others.
Here each phrase comes as often as any other. The judges of `preview_fidelity` read the pictures.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.preview_fidelity import JUDGES, generate
from benchmarks.preview_fidelity import Asked as AskedPicture
from preview_training.imagining import NEGATIVES
from preview_training.judges import Judges
from story_engine.config import read_config
from story_engine.domain.guidance import USUAL
from story_engine.domain.story import Settings
from story_engine.preview_model import world
from story_engine.preview_model.world.expected import read_prompt
from story_engine.preview_model.world.words import PLACES, STYLES, SUBJECTS
from story_engine.store.layout import Layout

_SEED = 611_953
_SHOTS = {"zh": ("全身", "上半身"), "en": ("full body", "upper body")}
_USUAL_SETTINGS = ("kitchen", "beach", "forest", "palace_hall")
"""Where those stand whose own words are asked about."""
_USUAL_SUBJECTS = ("girl", "boy", "cat", "rabbit", "robot", "emperor")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedWord:
    """One phrase, in a prompt whose other words are usual ones."""

    attribute: str
    value: str
    phrase: str
    picture: AskedPicture


def asked_words() -> list[AskedWord]:
    """Every phrase for a subject and every setting of a place, in both languages, that means what it stands for."""
    rng = random.Random(_SEED)
    asked = [_asked(rng, *phrase) for phrase in _phrases()]
    return [one for one in asked if getattr(one.picture.expected, one.attribute) == one.value]


def _phrases() -> Iterator[tuple[str, str, str, str]]:
    """(attribute, value, language, phrase)."""
    for language in ("zh", "en"):
        for value, words in SUBJECTS.items():
            yield from (("subject", value, language, phrase) for phrase in words.of(language))
        for value, places in PLACES.items():
            yield from (("place", value, language, phrase) for phrase in places.settings.of(language))


def _asked(rng: random.Random, attribute: str, value: str, language: str, phrase: str) -> AskedWord:
    subject, place, style = rng.choice(_USUAL_SUBJECTS), rng.choice(_USUAL_SETTINGS), rng.choice(world.STYLES)
    shot = rng.choice(_SHOTS[language])
    who = phrase if attribute == "subject" else SUBJECTS[subject].of(language)[0]
    where = phrase if attribute == "place" else PLACES[place].settings.of(language)[0]
    style_word = STYLES[style].of(language)[0]
    prompt = f"{style_word}，{who}在{where}，{shot}" if language == "zh" else f"{style_word}, a {who} {where}, {shot}"
    picture = AskedPicture(
        prompt=prompt,
        negative=NEGATIVES[language],
        seed=rng.randrange(2**32),
        expected=read_prompt(prompt),
        scene=world.DrawnScene(main=world.Figure(subject=subject)),
    )
    return AskedWord(attribute=attribute, value=value, phrase=phrase, picture=picture)


def main(arguments: Sequence[str] | None = None) -> None:
    """Paint, read, and print the share of right pictures and the phrases that were not."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--workspace", type=Path, default=None, help="whose models/preview is measured, if it has one")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    layout = Layout.of(read_config(options.workspace))
    asked = asked_words()[:: options.every]
    pictures = generate(layout, [one.picture for one in asked], Settings(guidance=USUAL), options.threads)
    seen = Judges.load(JUDGES).read(pictures)
    wrong = [
        (one, verdict.values[one.attribute])
        for one, verdict in zip(asked, seen, strict=True)
        if verdict.values[one.attribute] != one.value
    ]
    for name in ("subject", "place"):
        count, missed = (sum(one.attribute == name for one in each) for each in (asked, [one for one, _ in wrong]))
        print(json.dumps({"attribute": name, "phrases": count, "right": round(1 - missed / max(count, 1), 3)}))
    print(
        json.dumps([f"{one.phrase}: {one.value}, painted as {as_what}" for one, as_what in wrong], ensure_ascii=False)
    )


if __name__ == "__main__":
    main()
