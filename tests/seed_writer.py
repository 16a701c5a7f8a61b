"""What other processes do to a story, for tests of crashes, of many writers, and of folders that cannot be written."""

import os
from multiprocessing.connection import Connection
from pathlib import Path

from story_engine.domain.edit import Edit
from story_engine.errors import StudioError
from story_engine.messages import known_codes
from story_engine.store.layout import Layout
from story_engine.store.stories import StoryStore
from story_engine.store.story_text import read_story, write_story


def write_seeds(folder: Path, scene: str, count: int, acknowledged: Connection) -> None:
    """Count the seed of one scene up, and send revision and seed after each save that has returned."""
    store = StoryStore(Layout(folder / "workspace", folder / "stories"))
    seed = store.load("cat").scene(scene).seed
    for number in range(seed + 1, seed + 1 + count):
        story = store.edit("cat", [Edit(scene=scene, field="seed", value=number, seen=number - 1)])
        acknowledged.send((story.revision, number))


def edit_as_nobody(folder: Path, answer: Connection) -> None:
    """Load and edit the story as a user who may write nowhere; sends the title and the code of the error."""
    # Everything that is imported on first use, while this process may still read the installation.
    known_codes()
    written = Layout(folder / "workspace", folder / "stories").story("cat").read_bytes()
    write_story(read_story(written, file="cat.yaml"), before=written)
    if os.geteuid() == 0:
        # Root may write anywhere.
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    store = StoryStore(Layout(folder / "workspace", folder / "stories"))
    title = store.load("cat").title
    try:
        store.edit("cat", [Edit(scene="s1", field="seed", value=1, seen=0)])
    except StudioError as error:
        answer.send((title, error.code))
