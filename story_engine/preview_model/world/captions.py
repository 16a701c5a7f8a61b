"""Puts a drawing into words, in Chinese, English or both, as people write prompts: any order, parts left out.

What a caption says is true of its drawing; what it does not say is free. `caption` keeps within the preview model's
prompt length by saying less.
"""

from __future__ import annotations

import random

from story_engine.catalog.tokenizer import count_tokens
from story_engine.preview_model.world import PEOPLE, DrawnScene
from story_engine.preview_model.world.captions_en import EnglishCaption
from story_engine.preview_model.world.captions_zh import ChineseCaption, pick
from story_engine.preview_model.world.words import DEGRADATIONS, EN_GLUE, NEGATIVE_EXTRAS, ZH_GLUE

TOKEN_LIMIT = 64
"""The preview model's prompt length, prefix included."""
MIXED_SHARE = 0.05
FILLER_SHARE = 0.12
"""Share of the captions with a word or two that mean nothing, so that such words are read and change nothing."""
FLAW_LIST_SHARE = 0.3
"""Share of the degraded drawings whose caption is a list of flaws, as a negative prompt is."""
CHALLENGE_NEGATIVE = ("丑陋", "变形", "嘈杂", "模糊", "低对比度")

_LEFT_OUT_FIRST = (
    "quality",
    "adjective",
    "view",
    "extra",
    "time",
    "mood",
    "background",
    "prop_colour",
    "hair_length",
    "prop",
    "hair_colour",
    "action",
    "outfit",
    "shot",
    "style",
    "colour",
    "setting",
    "company",
)
_CHINESE_MARKS = (("，", 34), (",", 38), ("、", 5), (", ", 8), (" ", 6), ("\n", 3), ("。", 4), ("；", 1), (",\n", 1))
_ENGLISH_MARKS = ((", ", 76), (",", 9), (". ", 7), ("\n", 3), ("; ", 2), ("，", 2), (" ", 1))


def caption(scene: DrawnScene, rng: random.Random, language: str | None = None) -> str:
    """One prompt for the drawing, at most TOKEN_LIMIT tokens.

    Args:
        scene: what is drawn.
        rng: decides which parts are said, how and in which order.
        language: "zh", "en", or None for either, and both now and then.
    """
    is_mixed = language is None and rng.random() < MIXED_SHARE
    spoken = language or rng.choice(("zh", "en"))
    if scene.degradation != "none" and rng.random() < FLAW_LIST_SHARE:
        return _flaw_list(scene.degradation, spoken, rng)
    topics = _topics(scene, rng)
    while True:
        text = _text(scene, frozenset(topics), spoken, is_mixed, rng)
        if count_tokens(text) <= TOKEN_LIMIT:
            return text
        topics.discard(next(topic for topic in _LEFT_OUT_FIRST if topic in topics))


def _topics(scene: DrawnScene, rng: random.Random) -> set[str]:
    """What is said, with the shares that people's prompts have."""
    is_person, main = scene.main.subject in PEOPLE, scene.main
    plain = scene.place == "plain"
    shares = {
        "subject": 0.98,
        "style": 0.87,
        "setting": 0.25 if plain else 0.86,
        "background": 0.3 if plain else 0.28,
        "extra": 0.2,
        "action": 0.3 if main.action == "standing" else 0.85,
        "mood": 0.2 if main.mood == "calm" else 0.5,
        "shot": {"full": 0.55, "upper": 0.85, "close": 0.93, "long": 0.93}[scene.shot],
        "time": {"day": 0.15, "dusk": 0.7, "night": 0.45}[scene.time],
        "view": 0.3 if main.view == "side" and main.action != "chasing" else 0.06,
        "prop": 0.0 if scene.prop == "none" else 0.85,
        "prop_colour": 0.5,
        # Always: who is drawn and not named is learnt as somebody who comes uncalled.
        "company": 1.0 if scene.companions else 0.0,
        "adjective": 0.15,
        "quality": 0.12 if scene.degradation == "none" else 0.0,
        "flaw": 0.0 if scene.degradation == "none" else 0.98,
    }
    if is_person:
        outfit = {"girl": 0.75, "boy": 0.65}.get(main.subject, 0.4)
        hair = 0.7 if main.subject == "girl" else 0.3
        shares |= {"outfit": outfit, "hair_colour": hair, "hair_length": hair, "colour": 0.85}
    else:
        shares["colour"] = 0.15 if main.subject == "panda" else 0.85
    topics = {topic for topic, share in shares.items() if rng.random() < share}
    if "company" in topics or not topics & {"setting", "background", "action", "style", "shot"}:
        topics.add("subject")
    if not topics & {"setting", "background"} and not plain and rng.random() < 0.6:
        topics.add("background")
    return topics


def _text(scene: DrawnScene, topics: frozenset[str], language: str, is_mixed: bool, rng: random.Random) -> str:
    speakers: dict[str, ChineseCaption | EnglishCaption] = {
        "zh": ChineseCaption(scene, topics, rng),
        "en": EnglishCaption(scene, topics, rng),
    }
    speaker = speakers[language]
    core = speaker.core()
    clauses = speaker.clauses()
    if is_mixed:
        other = speakers["en" if language == "zh" else "zh"].clauses()
        clauses = {topic: rng.choice((clause, other.get(topic, clause))) for topic, clause in clauses.items()}
    # The core may have told the clothes already; saying them again does no harm, so only half of the prompts do not.
    if "outfit" in topics and not _tells_outfit(core):
        clauses["outfit"] = speaker.outfit_clause()
    if "background" in topics and "setting" not in topics and not core:
        core = clauses.pop("background", "")
    parts = _ordered(core, clauses, rng)
    if rng.random() < FILLER_SHARE:
        fillers, gap = (ZH_GLUE, "") if language == "zh" else (EN_GLUE, " ")
        for _ in range(rng.choice((1, 1, 2))):
            index = rng.randrange(len(parts))
            around = [parts[index], rng.choice(fillers)]
            parts[index] = gap.join(reversed(around) if rng.random() < 0.6 else around)
    return _punctuated(parts, language, rng)


def _tells_outfit(core: str) -> bool:
    return any(word in core for word in ("穿", "身着", "wearing", "dressed in", " in a ", " in an ", " in the "))


def _ordered(core: str, clauses: dict[str, str], rng: random.Random) -> list[str]:
    """The style mostly first, praise and flaws at either end, the rest in any order after the subject."""
    style, quality, flaw = (clauses.pop(topic, "") for topic in ("style", "quality", "flaw"))
    company = clauses.get("company")
    rest = list(clauses.values())
    if rng.random() < 0.7:
        rng.shuffle(rest)
    parts = [core, *rest]
    if rng.random() < 0.15:
        rng.shuffle(parts)
    if company and core:
        # Who is named first is who the picture is about.
        first, second = sorted((parts.index(core), parts.index(company)))
        parts[first], parts[second] = core, company
    place = 0 if rng.random() < 0.72 else rng.choice((len(parts), rng.randrange(len(parts) + 1)))
    parts.insert(place, style)
    for word in (quality, flaw):
        parts.insert(rng.choice((0, len(parts), len(parts))), word)
    return [part for part in parts if part]


def _punctuated(parts: list[str], language: str, rng: random.Random) -> str:
    marks = _CHINESE_MARKS if language == "zh" else _ENGLISH_MARKS
    mark = rng.choices([mark for mark, _ in marks], [weight for _, weight in marks])[0]
    if rng.random() < 0.02 and parts:
        chosen = rng.randrange(len(parts))
        parts = [*parts[:chosen], f"({parts[chosen]}:1.{rng.randrange(1, 6)})", *parts[chosen + 1 :]]
    if language == "zh":
        comma = mark if mark in ("，", ",", ", ") else "，"
        text = mark.join(part.replace("，", comma) for part in parts)
        return text + ("。" if rng.random() < 0.2 else "")
    if rng.random() < (0.7 if mark in (". ", "\n") else 0.1):
        parts = [part[:1].upper() + part[1:] for part in parts]
    text = mark.join(parts)
    case = rng.random()
    if case < 0.25:
        text = text.lower()
    elif case < 0.3:
        text = text.title()
    elif case < 0.6:
        text = text[:1].upper() + text[1:]
    return text + ("." if rng.random() < 0.2 else "")


def _flaw_list(degradation: str, language: str, rng: random.Random) -> str:
    """A negative prompt that names the flaw among others; the challenge's own list as often as all others."""
    if language == "zh" and rng.random() < 0.5:
        words = list(CHALLENGE_NEGATIVE)
    else:
        named = [degradation, *rng.sample(list(DEGRADATIONS), rng.randrange(0, len(DEGRADATIONS)))]
        words = [pick(rng, DEGRADATIONS[name].of(language)) for name in dict.fromkeys(named)]
    if rng.random() < 0.3:
        words += rng.sample(DEGRADATIONS["deformed"].of(language), rng.randrange(1, 3))
    if rng.random() < 0.2:
        words += rng.sample(NEGATIVE_EXTRAS.of(language), rng.randrange(1, 3))
    if rng.random() < 0.3:
        rng.shuffle(words)
    mark = rng.choice(("、", "、", "，", ",", " ") if language == "zh" else (", ", ", ", ", ", ",", " "))
    return mark.join(words)
