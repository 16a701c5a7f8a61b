"""What the scenes of an import say alike, proposed as blocks: a shared negative, a shared style, characters.

Whoever takes a block changes where words are written down and nothing else: each proposal has been put together again
by the rules that paint, and every scene still reads exactly as it did.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from story_engine.domain.composing import compose_negative, compose_prompt, join
from story_engine.domain.safe_name import LONGEST_NAME, name_fault, same_file
from story_engine.domain.story import MOST_CHARACTERS, Appearance, Character, Scene, Story
from story_engine.domain.value import Value
from story_engine.errors import StudioError

FEWEST_SCENES = 2
_LONGEST_SEARCHED = 4_000
"""Characters of one prompt; a longer one is hardly words."""
_MOST_PHRASES = 200
_MARKS = "，,、；;"
_BETWEEN = re.compile(rf"([{_MARKS}])")
_END = rf"[{_MARKS}。.！!？?\n]"
_GOES_ON = (
    "在|穿|戴|站|坐|躺|走|跑|飞|跳|拿|抱|被|正|把|对|向|和|与|跟|从|看|望|露|睁|闭|闪|带|举|回|来|去|进|出|悠|再|也|都|"
    "唱|练|吃|喝|睡|趴|蹲|跪|骑|手|身|眼|脸|面|双|独|静|轻|微|很|不|已|终"
)
"""What follows upon a being in a Chinese sentence: what it does, wears, or where it is."""
_CHINESE_BEING = re.compile(
    rf"(?:[一两二三][个只位名条头匹群]|这[个只位]|那[个只位])[\u4e00-\u9fff]{{2,20}}?(?={_END}|$|{_GOES_ON})"
)
_NOUNS = (
    "女孩|男孩|少女|少年|女子|男子|女人|男人|老人|老爷爷|老奶奶|孩子|姑娘|公主|王子|皇帝|"
    "猫|小猫|狗|小狗|兔|狐|龙|机器人"
)
_CHINESE_TERM = re.compile(rf"[\u4e00-\u9fff]{{1,18}}(?:{_NOUNS})")
_ENGLISH_BEING = re.compile(
    r"\b(?:an?|the|one|two)\s+(?:[a-z-]+\s+){0,6}?(?:girl|boy|woman|man|child|kid|lady|cat|kitten|dog|puppy|rabbit|fox|"
    r"dragon|bear|bird|horse|robot|knight|princess|prince|king|queen|emperor|wizard|witch)\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"^(?:[一两二三][个只位名条头匹群]|这[个只位]|那[个只位]|(?:an?|the|one|two)\s+)", re.IGNORECASE)


class CharacterBlock(Value):
    """Words for one being that several scenes repeat."""

    character: Character
    scenes: tuple[int, ...]
    """Places of the scenes, from 0."""


class SharedWording(Value):
    """Everything that is said alike; each part can be taken or left."""

    negative: str = ""
    style: str = ""
    characters: tuple[CharacterBlock, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to propose."""
        return not (self.negative or self.style or self.characters)


def shared_wording(story: Story) -> SharedWording:
    """The blocks that `story`, which has none, could have."""
    if len(story.scenes) < FEWEST_SCENES or story.style or story.negative or story.characters:
        return SharedWording()
    negative = _shared_start([scene.negative for scene in story.scenes])
    if not _same(story, with_negative(story, negative)):
        negative = ""
    style = _shared_start([scene.prompt for scene in story.scenes])
    if not _same(story, with_style(story, style)):
        style = ""
    blocks: list[CharacterBlock] = []
    built = story
    for phrase in _beings(story.scenes):
        block = CharacterBlock(
            character=Character(id=_id_of(phrase, blocks), description=phrase),
            scenes=tuple(place for place, scene in enumerate(built.scenes) if phrase in scene.prompt),
        )
        if len(block.scenes) < FEWEST_SCENES or name_fault(block.character.id) is not None:
            continue
        with_block = with_character(built, block)
        if _same(built, with_block):
            built = with_block
            blocks.append(block)
        if len(blocks) == MOST_CHARACTERS:
            break
    return SharedWording(negative=negative, style=style, characters=tuple(blocks))


def with_blocks(story: Story, taken: SharedWording) -> Story:
    """The story with the blocks that were taken."""
    steps: list[Callable[[Story], Story]] = []
    if taken.negative:
        steps.append(lambda each: with_negative(each, taken.negative))
    if taken.style:
        steps.append(lambda each: with_style(each, taken.style))
    for step in steps:
        changed = step(story)
        story = changed if _same(story, changed) else story
    for block in taken.characters:
        changed = with_character(story, block)
        story = changed if _same(story, changed) else story
    return story


def with_negative(story: Story, negative: str) -> Story:
    """The story with shared negative words in front of what each scene has of its own."""
    scenes = tuple(each.model_copy(update={"negative": _rest(each.negative, negative)}) for each in story.scenes)
    return story.model_copy(update={"negative": negative, "scenes": scenes})


def with_style(story: Story, style: str) -> Story:
    """The story with shared words in front of what each scene has of its own."""
    scenes = tuple(each.model_copy(update={"prompt": _rest(each.prompt, style)}) for each in story.scenes)
    return story.model_copy(update={"style": style, "scenes": scenes})


def with_character(story: Story, block: CharacterBlock) -> Story:
    """The story with a character, written once and used by reference where its words stood."""
    who, words = block.character.id, block.character.description
    scenes = []
    for place, scene in enumerate(story.scenes):
        if place in block.scenes and words in scene.prompt:
            own = scene.prompt.replace(words, f"{{{who}}}", 1)
            uses = (*scene.characters, Appearance(character=who))
            scene = scene.model_copy(update={"prompt": own, "characters": uses})
        scenes.append(scene)
    return story.model_copy(update={"characters": (*story.characters, block.character), "scenes": tuple(scenes)})


def _same(story: Story, changed: Story) -> bool:
    """Whether every scene still says the same to the model, character by character."""
    try:
        return all(
            compose_prompt(changed, new) == compose_prompt(story, old)
            and compose_negative(changed, new) == compose_negative(story, old)
            for old, new in zip(story.scenes, changed.scenes, strict=True)
        )
    except StudioError:
        return False


def _shared_start(texts: Sequence[str]) -> str:
    """The words that all texts begin with, whole terms only; of texts that are all the same, the whole."""
    if len(set(texts)) == 1:
        return texts[0].strip()
    parts = [_BETWEEN.split(text[:_LONGEST_SEARCHED]) for text in texts]
    shared: list[str] = []
    for column in zip(*parts, strict=False):
        if len({term.strip() for term in column}) != 1:
            break
        shared.append(column[0])
    while shared and (shared[-1] in _MARKS or not shared[-1].strip()):
        shared.pop()
    return "".join(shared).strip()


def _rest(text: str, start: str) -> str:
    """What a text says beyond the words that it begins with."""
    text = text.strip()
    return text.removeprefix(start).lstrip(f"{_MARKS} ") if start else text


def _beings(scenes: Sequence[Scene]) -> list[str]:
    """Phrases for beings that several scenes have word by word, those of most scenes first."""
    seen: Counter[str] = Counter()
    for scene in scenes:
        prompt = scene.prompt[:_LONGEST_SEARCHED]
        found = {match[0] for match in _CHINESE_BEING.finditer(prompt)}
        found |= {match[0] for match in _ENGLISH_BEING.finditer(prompt)}
        terms = (term.strip() for term in re.split(_END, prompt))
        found |= {term for term in terms if _CHINESE_TERM.fullmatch(term)}
        seen.update(found)
    often = [(phrase, count) for phrase, count in seen.items() if count >= FEWEST_SCENES]
    often.sort(key=lambda each: (-each[1], -len(each[0]), each[0]))
    kept: list[str] = []
    for phrase, _ in often[:_MOST_PHRASES]:
        if not any(phrase in other or other in phrase for other in kept):
            kept.append(phrase)
    return kept


def _id_of(phrase: str, blocks: Sequence[CharacterBlock]) -> str:
    """A name for the character: its words without the article, a number behind it where it is taken."""
    plain = join([_COUNTED.sub("", phrase.strip())], "")[: LONGEST_NAME - 4].strip(" .") or "character"
    taken = {same_file(block.character.id) for block in blocks}
    return next(
        name for n in range(1, len(blocks) + 3) if same_file(name := plain if n == 1 else f"{plain} {n}") not in taken
    )
