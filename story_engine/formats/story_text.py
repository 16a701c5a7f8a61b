"""Text that somebody has pasted or saved, whatever it is: the reading that finds the most scenes in it is taken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from story_engine.domain.imported_story import ImportedScene, ImportedStory, Note, note, scene, unlike
from story_engine.errors import FixInput
from story_engine.formats import table_text
from story_engine.formats.comfy_workflow import read_workflow
from story_engine.formats.infotext_reader import read_infotext, split_infotexts
from story_engine.formats.literal_json import read_json
from story_engine.formats.notebook import read_code_among_text, read_notebook
from story_engine.formats.prompt_file import is_prompt_file, read_prompt_file
from story_engine.formats.story_table import MOST_ROWS, column_of, is_story_table, read_rows

LONGEST_TEXT = 2_000_000
MOST_LISTED = 24
_LONGEST_LISTED = 3_000
_LIST_ITEM = re.compile(
    r"^\s*(?:(?:图片?|画面|分镜|场景|第)?\s*\d{1,2}\s*(?:[.、:：)）]|[张幅格][:：,，]?)|[-*•])\s*(\S.*)$"
)
_LABEL = re.compile(r"^\s*[*_【\[]*([^:：\n】\]]{1,30})[】\]]?[*_]*\s*[:：]\s*(.*)$")
_COMMAS = re.compile("[,，、]")


def read_text(text: str, *, name: str) -> ImportedStory:
    """The scenes of a text; what else could have been read from it is a note.

    Raises:
        FixInput: nothing in it is a story, or it is too large.
    """
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        return read_json_story(text, name=name)
    if len(text) > LONGEST_TEXT:
        raise FixInput("files.too_large", path=name, size=len(text), limit=LONGEST_TEXT)
    found = [story for story in _readings(text, name) if story.scenes]
    if not found and (scenes := _listed(text)):  # lines of a table would be a list, too
        return ImportedStory(source=name, kind="text", scenes=tuple(scenes))
    if not found:
        raise FixInput("imports.nothing_found", name=name)
    best = max(found, key=lambda story: len(story.scenes))  # of equals the first, the surest way of reading
    others = [story for story in found if story is not best and not _within(story, best)]
    notes = [note("imports.also_found", count=len(story.scenes), place=story.scenes[0].place) for story in others]
    completed, added = _completed(best, others)
    loras = unlike(lora for story in found for lora in story.loras)
    family = next((story.family for story in found if story.family), None)
    return completed.model_copy(update={"notes": (*completed.notes, *notes, *added), "loras": loras, "family": family})


def read_json_story(text: str, *, name: str) -> ImportedStory:
    """A notebook, a ComfyUI graph in either form, or a list of objects such as our own `prompts.json`.

    Raises:
        FixInput: it is none of these.
    """
    data = read_json(text, name=name)
    if isinstance(data, dict) and ("cells" in data or "worksheets" in data):
        return read_notebook(text, name=name)
    workflow = read_workflow(data, name=name)
    if workflow is not None:
        return workflow
    rows = _rows_of_objects(data)
    if rows is None:
        raise FixInput("imports.nothing_found", name=name)
    return read_rows(rows, name=name)


def _readings(text: str, name: str) -> Iterator[ImportedStory]:
    if is_prompt_file(text):
        yield read_prompt_file(text, name=name)
    infotexts = split_infotexts(text)
    if infotexts:
        yield _of_infotexts(infotexts, name)
    if "<t" in text or "<T" in text:
        yield from (read_rows(rows, name=name) for rows in table_text.html_tables(text))
    yield from (read_rows(rows, name=name) for rows in table_text.markdown_tables(text))
    separated = table_text.separated_table(text)
    if separated is not None:
        yield read_rows(separated, name=name)
    flat = table_text.flat_table(text)
    if flat is not None:
        story = read_rows(flat[0], name=name)
        unclear = (note("imports.rows_unclear", count=flat[1]),) if flat[1] else ()
        yield story.model_copy(update={"notes": (*story.notes, *unclear)})
    if "(" in text and not infotexts:
        yield read_code_among_text(text, name=name)
    scenes = _labelled(text)
    if scenes:
        yield ImportedStory(source=name, kind="text", scenes=tuple(scenes))


def _of_infotexts(texts: list[str], name: str) -> ImportedStory:
    scenes: list[ImportedScene] = []
    notes: list[Note] = []
    loras = []
    for number, each in enumerate(texts, start=1):
        found, used, more = read_infotext(each, place=f"#{number}")
        scenes.append(found)
        loras += used
        notes += more
    return ImportedStory(source=name, kind="text", scenes=tuple(scenes), loras=unlike(loras), notes=tuple(notes))


def _labelled(text: str) -> list[ImportedScene]:
    """Blocks of `提示词：…`, `反向提示词：…`: a scene begins where a label comes again."""
    scenes: list[ImportedScene] = []
    block: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        match = _LABEL.match(line[:_LONGEST_LISTED])
        column = column_of(match[1]) if match else None
        if match is None or column is None:
            if last and line.strip() and last in block:
                block[last] += "\n" + line.strip()
            last = last if line.strip() else ""
            continue
        if column in block:
            scenes += _of_block(block, len(scenes))
            block = {}
        block[column] = match[2].strip()
        last = column if column in ("prompt", "negative") else ""
    return (scenes + _of_block(block, len(scenes)))[:MOST_ROWS]


def _of_block(block: Mapping[str, str], place: int) -> list[ImportedScene]:
    if not block.get("prompt") or len(block) < 2:  # a sentence about prompts is no scene
        return []
    rows = [list(block), list(block.values())]
    return [each.model_copy(update={"place": f"#{place + 1}"}) for each in read_rows(rows, name="").scenes]


def _listed(text: str) -> list[ImportedScene]:
    """A list with a prompt in each line, where the text is nothing else."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not 2 <= len(lines) <= MOST_LISTED or any(len(line) > _LONGEST_LISTED for _, line in lines):
        return []
    items = [(number, _LIST_ITEM.match(line)) for number, line in lines]
    if all(match is not None for _, match in items):
        prompts = [(number, match[1]) for number, match in items if match is not None]
    elif all(_COMMAS.search(line) for _, line in lines):
        prompts = lines
    else:
        return []
    return [scene(prompt=words, place=f"L{number}")[0] for number, words in prompts]


def _rows_of_objects(data: object) -> list[list[str]] | None:
    """Objects as a table; of an object that holds one list of them, that list."""
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
        data = lists[0] if len(lists) == 1 else [data]
    if not isinstance(data, list):
        return None
    objects = [each for each in data if isinstance(each, dict)]
    headings = list(dict.fromkeys(str(key) for each in objects[:MOST_ROWS] for key in each))
    if not is_story_table(headings):
        return None
    return [headings, *([_cell(each.get(heading)) for heading in headings] for each in objects)]


def _cell(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _completed(best: ImportedStory, others: list[ImportedStory]) -> tuple[ImportedStory, list[Note]]:
    """A table without settings beside code that has some: the author painted the one with the other."""
    if any(each.settings.given() for each in best.scenes):
        return best, []
    settings = {each.settings for story in others for each in story.scenes if each.settings.given()}
    if len(settings) != 1:
        return best, []
    (known,) = settings
    scenes = tuple(each.model_copy(update={"settings": known}) for each in best.scenes)
    return best.model_copy(update={"scenes": scenes}), [note("imports.settings_from_code")]


def _within(story: ImportedStory, other: ImportedStory) -> bool:
    """Whether everything in it stands in the other one, too: the same text, read in two ways."""
    words = {each.prompt for each in other.scenes}
    return all(each.prompt in words for each in story.scenes)
