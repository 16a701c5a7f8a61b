"""A drawing in Chinese: noun phrases, the sentence with the subject, and a clause for every other thing said."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from story_engine.preview_model.world import PEOPLE, DrawnScene, Figure
from story_engine.preview_model.world.words import (
    ACTIONS,
    ADJECTIVES,
    COLOURS,
    COUNTERS,
    DEGRADATIONS,
    FUSED_COLOURS,
    FUSED_SUBJECTS,
    HAIR_COLOURS,
    HAIR_LENGTHS,
    MOODS,
    OUTFITS,
    PLACES,
    PLURALS,
    PROP_PHRASES,
    PROPS,
    QUALITY,
    SHOTS,
    STYLE_EXTRAS,
    STYLES,
    SUBJECTS,
    TIMES,
    VIEWS,
    ZH_PRONOUNS,
)

_PROP_COUNTERS = {
    "yarn_ball": "一个",
    "toys": "一些",
    "book": "一本",
    "microphone": "一个",
    "flower": "一朵",
    "balloon": "一个",
    "lantern": "一盏",
    "ball": "一个",
    "umbrella": "一把",
}
_TOLD_APART = frozenset({"singing", "wishing", "holding_face", "reading"})
"""Doings that the verb before a place does not tell: 站在台上 needs 唱歌."""
_ONE_BREATH_SHARE = 0.35
"""Of the captions that name company: 小女孩和狐狸在森林里 instead of 小女孩在森林里，旁边有狐狸.

With a comma it is what a story with two characters in a scene says: 小女孩，狐狸，在森林里.
"""
_FILLED_MOODS = ("充满", "有些", "带着", "满怀")


class ChineseCaption:
    """Puts one drawing into Chinese; `topics` says what is mentioned."""

    def __init__(self, scene: DrawnScene, topics: frozenset[str], rng: random.Random) -> None:
        self._scene, self._topics, self._rng = scene, topics, rng
        self._in_one_breath = is_in_one_breath(topics, rng)

    def core(self) -> str:
        """Subject, and where it is and what it does as far as they are said."""
        scene, rng = self._scene, self._rng
        action = self._action() if "action" in self._topics else ""
        setting = self._pick(PLACES[scene.place].settings.zh) if "setting" in self._topics else ""
        noun = self.noun_phrase(scene.main, is_main=True) if "subject" in self._topics else ""
        glues: tuple[str, ...] = ("和", "和", "和", "与", "跟", "还有", "，", "，")
        if "outfit" in self._topics and self._chance(0.4):
            noun += self._rng.choice(("", "，")) + self._dressed(scene.main)
            glues = ("，",)
        if self._in_one_breath:
            others = [self._companion(*each) for each in named(scene.companions)]
            noun = rng.choice(glues).join((noun, *others))
        return self._joined(noun, setting, action, rng)

    def _joined(self, noun: str, setting: str, action: str, rng: random.Random) -> str:
        going_on = rng.choice(("正在", "正", "", "", "", "")) if action and action[0] not in "正在" else ""
        if not setting:
            return noun + rng.choice(("", "，")) + going_on + action if noun and action else noun or action
        if rng.random() < 0.12:
            setting = self._pick(PLACES[self._scene.place].names.zh)
            return "，".join(part for part in (noun, setting, action) if part)
        if action and rng.random() < 0.5:
            verb = self._pick(ACTIONS[self._scene.main.action].before_place.zh)
            rest = "，" + going_on + action if self._scene.main.action in _TOLD_APART or rng.random() < 0.35 else ""
            return f"{noun}{verb}在{setting}{rest}"
        if not action:
            return noun + rng.choice(("在", "在", "，在", "，")) + setting if noun else rng.choice(("在", "")) + setting
        forms = (
            f"{noun}在{setting}{going_on}{action}",
            f"{noun}在{setting}，{going_on}{action}",
            f"{noun}，在{setting}{action}",
            f"在{setting}，{noun}{going_on}{action}",
            f"{setting}，{noun}{going_on}{action}",
            f"{noun}{going_on}在{setting}{action}",
            f"{setting}有{noun}{going_on}{action}" if noun else f"在{setting}{action}",
        )
        return rng.choice(forms).lstrip("，")

    def clauses(self) -> dict[str, str]:
        """Everything else that is said: topic and clause."""
        scene, said = self._scene, {}
        makers = {
            "style": self._style,
            "mood": self._mood,
            "shot": self._shot,
            "time": self._time,
            "view": self._view,
            "background": self._background,
            "extra": self._extra,
            "prop": self._prop,
            "company": self._company,
        }
        for topic, make in makers.items():
            if topic in self._topics and (clause := make()):
                said[topic] = clause
        if "quality" in self._topics:
            said["quality"] = "，".join(self._rng.sample(QUALITY.zh, self._rng.choice((1, 1, 2, 3))))
        if "flaw" in self._topics:
            said["flaw"] = self._pick(DEGRADATIONS[scene.degradation].zh)
        return said

    def outfit_clause(self) -> str:
        """The clothes by themselves: 粉色连衣裙, 身穿龙袍."""
        clothes = self._clothes(self._scene.main)
        return clothes if self._chance(0.45) else self._dressed(self._scene.main, clothes)

    def noun_phrase(self, figure: Figure, *, is_main: bool) -> str:
        """一只橘色的小猫, 一个紫色短发小女孩."""
        counter = self._rng.choice(COUNTERS[figure.subject]) if self._chance(0.8) else ""
        is_person = figure.subject in PEOPLE
        adjective = ""
        if "adjective" in self._topics or (not is_main and self._chance(0.1)):
            adjective = self._rng.choice(ADJECTIVES["person" if is_person else "animal"].zh)
        name = self._pick(SUBJECTS[figure.subject].zh)
        if is_person:
            return counter + adjective + self._hair(figure, is_main) + name
        if is_main and "colour" not in self._topics:
            return counter + adjective + name
        fused = FUSED_SUBJECTS.get(figure.subject)
        if fused and self._chance(0.15):
            return counter + adjective + self._rng.choice(FUSED_COLOURS[figure.colour]) + self._rng.choice(fused)
        return counter + adjective + self._colour(figure.colour) + self._rng.choice(("的", "的", "")) + name

    def _companion(self, figure: Figure, are_several: bool) -> str:
        return self._pick(PLURALS[figure.subject].zh) if are_several else self.noun_phrase(figure, is_main=False)

    def _hair(self, figure: Figure, is_main: bool) -> str:
        says_colour = "hair_colour" in self._topics if is_main else self._chance(0.15)
        says_length = "hair_length" in self._topics if is_main else self._chance(0.15)
        colour_words = HAIR_COLOURS[figure.hair_colour].zh
        full = [word for word in colour_words if len(word) > 1]
        of = self._rng.choice(("", "", "的"))
        if says_colour and says_length:
            hair = self._rng.choice(full) + self._pick(HAIR_LENGTHS[figure.hair_length].zh)
        elif says_length:
            hair = self._pick(HAIR_LENGTHS[figure.hair_length].zh)
        elif says_colour:
            hair = colour_words[-1] + "发" if self._chance(0.6) else self._rng.choice(full) + "头发"
        else:
            return ""
        return "有着" + hair + "的" if self._chance(0.08) else hair + of

    def _clothes(self, figure: Figure) -> str:
        clothes = self._pick(OUTFITS[figure.outfit].zh)
        if "colour" not in self._topics:
            return clothes
        return self._colour(figure.colour) + self._rng.choice(("", "", "的")) + clothes

    def _dressed(self, figure: Figure, clothes: str | None = None) -> str:
        return self._rng.choice(("穿着", "穿着", "身穿", "穿", "身着")) + (clothes or self._clothes(figure))

    def _colour(self, colour: str) -> str:
        return self._pick([word for word in COLOURS[colour].zh if len(word) > 1])

    def _action(self) -> str:
        scene = self._scene
        phrases = [
            phrase
            for phrase in ACTIONS[scene.main.action].alone.zh
            if "流星" not in phrase or scene.place == "starry_sky"
        ]
        if scene.main.action == "chasing" and scene.prop in ("yarn_ball", "ball", "balloon") and self._chance(0.5):
            colour = self._colour(scene.prop_colour) + self._rng.choice(("的", "")) if "prop" in self._topics else ""
            thing = self._pick(PROPS[scene.prop].zh)
            return (
                self._rng.choice(("追逐", "追逐着", "再次追逐着", "追着", "追赶"))
                + self._rng.choice(("一个", ""))
                + colour
                + thing
            )
        return self._pick(phrases)

    def _style(self) -> str:
        if self._scene.style in STYLE_EXTRAS and self._scene.place == "magic_light" and self._chance(0.5):
            return STYLE_EXTRAS[self._scene.style].zh[0]
        style = self._pick(STYLES[self._scene.style].zh)
        if self._chance(0.9):
            return style
        return self._rng.choice(("一幅{}", "画风是{}", "{}作品", "{}的画", "风格：{}")).format(style)

    def _who(self) -> str:
        subject = self._scene.main.subject
        return self._rng.choice((*SUBJECTS[subject].zh[:3], ZH_PRONOUNS[subject]))

    def _mood(self) -> str:
        mood = self._pick(MOODS[self._scene.main.mood].zh)
        whose = self._rng.choice(("", "", self._who() + "的"))
        forms = [
            f"{whose}神情{mood}",
            f"{whose}表情{mood}",
            f"露出{mood}的神情",
            f"露出{mood}的表情",
            f"心情{mood}",
            f"显得{mood}",
            f"{self._who()}显得{mood}",
            mood,
            f"{whose}眼神{mood}",
            f"{whose}眼神中带着{mood}",
        ]
        if not mood.startswith(_FILLED_MOODS):
            forms += [f"很{mood}", f"很{mood}", f"神情带着{mood}", f"显得有些{mood}", f"非常{mood}"]
        return self._rng.choice(forms)

    def _shot(self) -> str:
        return self._pick(SHOTS[self._scene.shot].zh)

    def _time(self) -> str:
        return self._rng.choice(("", "", "在")) + self._pick(TIMES[self._scene.time].zh)

    def _view(self) -> str:
        return self._pick(VIEWS[self._scene.main.view].zh)

    def _background(self) -> str:
        background = self._pick(PLACES[self._scene.place].backgrounds.zh)
        if "setting" in self._topics and self._scene.place == "plain":
            return ""
        return self._rng.choice(
            ("背景是{}", "背景是{}", "背景是{}", "背景为{}", "{}背景", "以{}为背景", "背景：{}")
        ).format(background)

    def _extra(self) -> str:
        return self._pick(said_of(PLACES[self._scene.place].extras.zh, self._scene, ("爪", "身体", "宠物")))

    def _prop(self) -> str:
        scene = self._scene
        phrases = [
            phrase
            for phrase in said_of(PROP_PHRASES[scene.prop].zh, scene, (), ("手", "捧"))
            if scene.main.action == "chasing" or not any(word in phrase for word in ("追", "踢"))
        ]
        if self._chance(0.4) and phrases:
            return self._pick(phrases)
        thing = self._pick(PROPS[scene.prop].zh)
        if "prop_colour" in self._topics:
            thing = self._colour(scene.prop_colour) + self._rng.choice(("的", "")) + thing
        if not thing.startswith(("一", "很")) and self._chance(0.6):
            thing = _PROP_COUNTERS[scene.prop] + thing
        forms = ["旁边有{}", "地上有{}", "身边有{}", "{}", "和{}", "面前有{}"]
        if scene.main.subject in PEOPLE:
            forms += ["拿着{}", "手里拿着{}", "手持{}"]
        return self._rng.choice(forms).format(thing)

    def _company(self) -> str:
        if self._in_one_breath:
            return ""
        scene, clauses = self._scene, []
        for figure, are_several in named(scene.companions):
            other = self._companion(figure, are_several)
            forms = ["旁边有{}", "身边有{}", "和{}在一起", "{}在旁边", "旁边是{}", "和{}", "还有{}", "面前有{}"]
            if scene.main.subject == "emperor":
                forms += ["俯视着面前的{}", "看着面前的{}"] * 2
            if figure.subject == "maid" and scene.main.subject not in PEOPLE:
                forms += ["四周有{}在喂食和照料", "四周有{}", "{}在照料它"] * 2
            clauses.append(self._rng.choice(forms).format(other))
        return "，".join(clauses)

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def _pick(self, phrases: tuple[str, ...] | list[str]) -> str:
        return pick(self._rng, phrases)


def is_in_one_breath(topics: frozenset[str], rng: random.Random) -> bool:
    """Whether the sentence names the company together with its subject, rather than in a clause of its own."""
    return {"subject", "company"} <= topics and rng.random() < _ONE_BREATH_SHARE


def named(companions: Sequence[Figure]) -> list[tuple[Figure, bool]]:
    """All of them, in order, and whether in the plural, in which several of one kind are named once.

    Nobody is left out: who is drawn and not named is learnt as somebody who comes uncalled.
    """
    kinds = Counter(figure.subject for figure in companions)
    found: dict[object, tuple[Figure, bool]] = {}
    for index, figure in enumerate(companions):
        are_several = kinds[figure.subject] > 1 and figure.subject in PLURALS
        found.setdefault(figure.subject if are_several else index, (figure, are_several))
    return list(found.values())


def pick(rng: random.Random, phrases: tuple[str, ...] | list[str]) -> str:
    """One phrase, the first ones more often; "" from an empty list."""
    if not phrases:
        return ""
    if rng.random() < 0.4:
        return rng.choice(phrases[:2])
    return rng.choice(phrases)


def said_of(
    phrases: tuple[str, ...], scene: DrawnScene, of_animals: tuple[str, ...], of_people: tuple[str, ...] = ()
) -> list[str]:
    """The phrases that can be said of the scene's subject: paws of animals, hands of people."""
    barred = of_animals if scene.main.subject in PEOPLE else of_people
    return [phrase for phrase in phrases if not any(word in phrase for word in barred)]
