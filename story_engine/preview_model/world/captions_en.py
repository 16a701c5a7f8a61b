"""A drawing in English: noun phrases, the sentence with the subject, and a clause for every other thing said."""

from __future__ import annotations

import random

from story_engine.preview_model.world import PEOPLE, DrawnScene, Figure
from story_engine.preview_model.world.captions_zh import is_in_one_breath, named, pick, said_of
from story_engine.preview_model.world.words import (
    ACTIONS,
    ADJECTIVES,
    COLOURS,
    DEGRADATIONS,
    EN_PRONOUNS,
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

_UNCOUNTED = (
    "clothes",
    "robes",
    "armor",
    "armour",
    "plate",
    "battle",
    "imperial robes",
    "ancient clothes",
    "casual clothes",
)


class EnglishCaption:
    """Puts one drawing into English; `topics` says what is mentioned."""

    def __init__(self, scene: DrawnScene, topics: frozenset[str], rng: random.Random) -> None:
        self._scene, self._topics, self._rng = scene, topics, rng
        self._in_one_breath = is_in_one_breath(topics, rng)

    def core(self) -> str:
        """Subject, and where it is and what it does as far as they are said."""
        scene, rng = self._scene, self._rng
        noun = self.noun_phrase(scene.main, is_main=True) if "subject" in self._topics else ""
        if "outfit" in self._topics and self._chance(0.45):
            noun += self._rng.choice((" in ", " wearing ", ", wearing ", " dressed in ", " in ")) + self._clothes(
                scene.main
            )
        if self._in_one_breath:
            others = [self._companion(*each) for each in named(scene.companions)]
            noun = rng.choice((" and ", " and ", " and ", " with ", ", ", ", ")).join((noun, *others))
        action = self._action() if "action" in self._topics else ""
        setting = self._pick(PLACES[scene.place].settings.en) if "setting" in self._topics else ""
        if setting and rng.random() < 0.15:
            return ", ".join(part for part in (noun, action, self._pick(PLACES[scene.place].names.en)) if part)
        if not setting or not action:
            glue = rng.choice((" ", " ", ", ")) if noun else ""
            return (noun + glue + (action or setting)).strip(" ,") if action or setting else noun
        if rng.random() < 0.6:
            verb = self._pick(ACTIONS[scene.main.action].before_place.en)
            core = " ".join(part for part in (noun, verb, setting) if part)
            return core + ", " + action if rng.random() < 0.3 else core
        forms = (
            f"{noun} {action} {setting}",
            f"{noun} {action}, {setting}",
            f"{setting}, {noun} {action}",
            f"{noun} {setting}, {action}",
        )
        return rng.choice(forms).strip(" ,")

    def clauses(self) -> dict[str, str]:
        """Everything else that is said: topic and clause."""
        said: dict[str, str] = {}
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
            said["quality"] = ", ".join(self._rng.sample(QUALITY.en, self._rng.choice((1, 1, 2, 3))))
        if "flaw" in self._topics:
            said["flaw"] = self._pick(DEGRADATIONS[self._scene.degradation].en)
        return said

    def outfit_clause(self) -> str:
        """The clothes by themselves: pink dress, wearing a dragon robe."""
        clothes = self._clothes(self._scene.main)
        if self._chance(0.4):
            return clothes.removeprefix("a ").removeprefix("an ")
        return self._rng.choice(("wearing ", "in ", "dressed in ", "wearing ")) + clothes

    def noun_phrase(self, figure: Figure, *, is_main: bool) -> str:
        """An orange cat, a girl with short purple hair."""
        is_person, words, after = figure.subject in PEOPLE, [], ""
        if "adjective" in self._topics or (not is_main and self._chance(0.1)):
            words.append(self._rng.choice(ADJECTIVES["person" if is_person else "animal"].en))
        if is_person:
            before, after = self._hair(figure, is_main)
            words += [before] if before else []
        elif not is_main or "colour" in self._topics:
            words.append(self._pick(COLOURS[figure.colour].en))
        words.append(self._pick(SUBJECTS[figure.subject].en))
        phrase = " ".join(words)
        return (phrase if self._chance(0.15) else self._counted(phrase)) + after

    def _companion(self, figure: Figure, are_several: bool) -> str:
        return self._pick(PLURALS[figure.subject].en) if are_several else self.noun_phrase(figure, is_main=False)

    def _hair(self, figure: Figure, is_main: bool) -> tuple[str, str]:
        """What is said of the hair before and after the noun."""
        says_colour = "hair_colour" in self._topics if is_main else self._chance(0.15)
        says_length = "hair_length" in self._topics if is_main else self._chance(0.15)
        colour = self._pick(HAIR_COLOURS[figure.hair_colour].en) if says_colour else ""
        length = self._pick(HAIR_LENGTHS[figure.hair_length].en) if says_length else ""
        if not colour and not length:
            return "", ""
        if colour and not length:
            return (f"{colour}-haired", "") if self._chance(0.5) else ("", f" with {colour} hair")
        if length.endswith("-haired") and not colour:
            return length, ""
        length = length.replace("-haired", " hair")
        if length.startswith("bob"):
            hair = f"{colour} {length}".strip()
        elif colour and self._chance(0.5):
            hair = f"{colour} {length}"
        else:
            hair = f"{length.removesuffix(' hair')} {colour} hair".replace("  ", " ")
        return "", self._rng.choice((" with ", " with ", ", ")) + hair

    def _clothes(self, figure: Figure) -> str:
        clothes = self._pick(OUTFITS[figure.outfit].en)
        if "colour" in self._topics:
            clothes = f"{self._pick(COLOURS[figure.colour].en)} {clothes}"
        return clothes if clothes.endswith(_UNCOUNTED) and "suit" not in clothes else self._counted(clothes)

    def _action(self) -> str:
        scene = self._scene
        if scene.main.action == "chasing" and scene.prop in ("yarn_ball", "ball", "balloon") and self._chance(0.5):
            colour = self._pick(COLOURS[scene.prop_colour].en) + " " if "prop" in self._topics else ""
            thing = self._counted(colour + self._pick(PROPS[scene.prop].en))
            return (
                self._rng.choice(("chasing", "is chasing", "running after", "chasing after", "playing with"))
                + " "
                + thing
            )
        his = EN_PRONOUNS[ZH_PRONOUNS[scene.main.subject]][1]
        phrases = [
            phrase
            for phrase in ACTIONS[scene.main.action].alone.en
            if ("star" not in phrase or scene.place == "starry_sky")
            and (" her " not in phrase or his == "her")
            and (" his " not in phrase or his == "his")
        ]
        return self._pick(phrases)

    def _style(self) -> str:
        if self._scene.style in STYLE_EXTRAS and self._scene.place == "magic_light" and self._chance(0.3):
            return self._pick(STYLE_EXTRAS[self._scene.style].en)
        style = self._pick(STYLES[self._scene.style].en)
        if self._chance(0.8) or style.startswith(("in ", "drawn")):
            return style
        forms = (
            "in the style of {}",
            "{} picture",
            "{} illustration",
            "{} art",
            "{} drawing",
            "in {}",
            "{} style",
            "a {} of",
        )
        return (
            self._rng.choice(forms)
            .format(style)
            .replace("style style", "style")
            .replace("art art", "art")
            .removesuffix(" of")
        )

    def _mood(self) -> str:
        he, his = EN_PRONOUNS[ZH_PRONOUNS[self._scene.main.subject]]
        mood = self._pick(MOODS[self._scene.main.mood].en)
        if mood in ("crying", "smiling", "laughing", "in tears", "daydreaming", "wondering"):
            return mood
        a_mood = mood if mood.startswith("full of") else self._counted(mood)
        forms = (
            mood,
            f"looking {mood}",
            f"looks {mood}",
            f"with {a_mood} expression",
            f"{mood} expression",
            f"feeling {mood}",
            f"{he} looks {mood}",
            f"{his} eyes {mood}",
            f"with {a_mood} face",
            f"{he} is {mood}",
            f"{his} expression is {mood}",
        )
        return self._rng.choice(forms)

    def _shot(self) -> str:
        return self._pick(SHOTS[self._scene.shot].en)

    def _time(self) -> str:
        return self._pick(TIMES[self._scene.time].en)

    def _view(self) -> str:
        return self._pick(VIEWS[self._scene.main.view].en)

    def _background(self) -> str:
        if self._scene.place == "plain":
            return "" if "setting" in self._topics else self._pick(PLACES["plain"].names.en)
        background = self._pick(PLACES[self._scene.place].backgrounds.en)
        bare = background.removeprefix("a ").removeprefix("an ").removeprefix("the ")
        forms = (
            f"with {background} in the background",
            f"{background} in the background",
            f"{bare} background",
            f"the background is {background}",
            f"background of {background}",
            f"background: {background}",
            f"{background} behind",
            f"{bare} in the background",
        )
        return self._rng.choice(forms)

    def _extra(self) -> str:
        return self._pick(said_of(PLACES[self._scene.place].extras.en, self._scene, ("paws", "its", "body", "pet")))

    def _prop(self) -> str:
        scene = self._scene
        phrases = [
            phrase
            for phrase in said_of(PROP_PHRASES[scene.prop].en, scene, (), ("hold", "hand"))
            if scene.main.action == "chasing" or not phrase.startswith(("chas", "play"))
        ]
        if phrases and self._chance(0.4):
            return self._pick(phrases)
        thing = self._pick(PROPS[scene.prop].en)
        if "prop_colour" in self._topics:
            thing = f"{self._pick(COLOURS[scene.prop_colour].en)} {thing}"
        if not thing.endswith("s") and not thing.startswith("a "):
            thing = self._counted(thing)
        forms = ["with {}", "{} nearby", "{}", "next to {}", "beside {}", "{} on the floor", "and {}"]
        if scene.main.subject in PEOPLE:
            forms += ["holding {}", "with {} in hand", "holding {}"]
        return self._rng.choice(forms).format(thing)

    def _company(self) -> str:
        if self._in_one_breath:
            return ""
        scene, clauses = self._scene, []
        it = {"it": "it", "she": "her", "he": "him"}[EN_PRONOUNS[ZH_PRONOUNS[scene.main.subject]][0]]
        for figure, are_several in named(scene.companions):
            other = self._companion(figure, are_several)
            forms = [
                f"with {other}",
                f"next to {other}",
                f"and {other}",
                f"{other} beside {it}",
                f"together with {other}",
                f"{other} nearby",
                f"beside {other}",
            ]
            if scene.main.subject == "emperor":
                forms += [f"looking down at {other} in front of {it}", f"looking at {other}"] * 2
            if figure.subject == "maid" and scene.main.subject not in PEOPLE:
                forms += [f"{other} feeding and caring for it", f"{other} around it", f"surrounded by {other}"] * 2
            clauses.append(self._rng.choice(forms))
        return ", ".join(clauses)

    def _counted(self, phrase: str) -> str:
        """The phrase with its article; plurals go without."""
        if (phrase.endswith("s") and not phrase.endswith(("ss", "us"))) or phrase.startswith(("1", "a ")):
            return phrase
        article = "an " if phrase[0] in "aeiou" and not phrase.startswith("uni") else "a "
        return self._rng.choice((article, article, article, "the ")) + phrase

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def _pick(self, phrases: tuple[str, ...] | list[str]) -> str:
        return pick(self._rng, phrases)
