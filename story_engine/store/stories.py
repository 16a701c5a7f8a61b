"""Stories on disk: everything that can be done with what an author wrote."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence

from story_engine.domain.edit import Edit, Revision
from story_engine.domain.findings import shown
from story_engine.domain.merge import changes, merge
from story_engine.domain.safe_name import name_fault, same_file
from story_engine.domain.story import Scene, Story, first_seed
from story_engine.domain.story_data import story_data
from story_engine.domain.validation import checked, story_from
from story_engine.errors import ChooseAnother, FixInput, InvalidInput, StudioError, Wait
from story_engine.store.atomic import create_bytes
from story_engine.store.history import History
from story_engine.store.layout import Layout
from story_engine.store.misnamed import Misnamed, misnamed
from story_engine.store.names import slug_from
from story_engine.store.story_file import StoryFile, not_found
from story_engine.store.story_text import write_story
from story_engine.store.story_titles import StoryTitles
from story_engine.store.story_trash import StoryTrash

logger = logging.getLogger(__name__)

MOST_TRIES = 200
"""Of one save; each is lost only to another writer who got through."""
_SCENE_NUMBER = re.compile(r"s([0-9]{1,9})")

Change = Callable[[Story], dict[str, object]]
"""From the story as it is to the plain data of the story as it shall be."""


class StoryStore:
    """All stories of one folder."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.trash = StoryTrash(layout)
        self._files: dict[str, StoryFile] = {}
        self._titles = StoryTitles()

    def slugs(self) -> tuple[str, ...]:
        """Names of all stories on the shelf, in alphabetical order."""
        if not self.layout.stories.is_dir():
            return ()
        found = (path.stem for path in self.layout.stories.glob("*.yaml"))
        return tuple(sorted(slug for slug in found if name_fault(slug) is None))

    def misnamed(self) -> tuple[Misnamed, ...]:
        """Files on the shelf that cannot be opened under the name they have."""
        return misnamed(self.layout.stories, is_taken=self._is_taken)

    def load(self, slug: str) -> Story:
        """The story as it is on disk now.

        Raises:
            ChooseAnother: there is none.
            InvalidInput: everything that is wrong with the file.
        """
        return self._file(slug).state().story

    def title(self, slug: str) -> str:
        """The title alone, of a file that is damaged further down, too. Raises as `load`."""
        return self._titles.of(self._file(slug)) or self.load(slug).title

    def load_at(self, slug: str, revision: int) -> Story:
        """The story as it was at `revision`.

        Raises:
            ChooseAnother: the history has no such revision, or a damaged one.
        """
        file = self._file(slug)
        if not file.history.numbers() and (present := file.state().story).revision == revision:
            return present
        return file.revision(revision)

    def text(self, slug: str) -> str:
        """The author's file, comments and all."""
        return self._file(slug).state().content.decode("utf-8-sig")

    def clean_text(self, story: Story) -> str:
        """The file of a story for other eyes: what it says, without the author's comments and notes to himself."""
        return write_story(story, before=None).decode("utf-8-sig")

    def updated_at(self, slug: str) -> float:
        """When the file was last changed, seconds since the epoch; 0 when there is none."""
        try:
            return self._file(slug).path.stat().st_mtime
        except (OSError, ChooseAnother):
            return 0.0

    def notices(self, slug: str, language: str) -> tuple[tuple[str, dict[str, object]], ...]:
        """Message codes with values of what a person should know about the file: damage, and copies that were kept."""
        file = self._file(slug)
        notices: list[tuple[str, dict[str, object]]] = []
        damage = file.damage()
        if damage is not None:
            problem, values = damage
            notices.append(("story.showing_revision", {**values, "reason": problem.text(language)}))
        if file.copies():
            notices.append(("story.copies_kept", {"files": ", ".join(file.copies())}))
        return tuple(notices)

    def create(self, title: str, story: Story) -> str:
        """A new story with the text of `story`; the slug is made from its title.

        Raises:
            InvalidInput: the story has problems.
        """
        return self._create(checked(story.model_copy(update={"title": title, "revision": 1}), file=shown(title)), None)

    def create_from(self, story: Story, edits: Sequence[Edit]) -> str:
        """A new story with the text of `story` after `edits`.

        Raises:
            InvalidInput: a value cannot be accepted.
        """
        data = merge(story_data(story), edits) | {"revision": 1}
        return self._create(story_from(data, file=shown(story.title)), None)

    def duplicate(self, slug: str) -> str:
        """A copy of the text, comments and all, under a title of its own; the new slug."""
        state = self._file(slug).state()
        titles = {self._title(known) for known in self.slugs()}
        plain = re.sub(r" \(\d+\)$", "", state.story.title)
        title = next(name for n in range(2, len(titles) + 3) if (name := f"{plain} ({n})") not in titles)
        return self._create(state.story.model_copy(update={"title": title, "revision": 1}), state.content)

    def rename(self, slug: str, title: str) -> None:
        """A new title; the slug, and with it every path, stays."""
        self._change(slug, lambda story: story_data(story) | {"title": title})

    def save(self, slug: str, story: Story, base_revision: int) -> Story:
        """Replace the whole story, if it is still at `base_revision`.

        Raises:
            Wait: it has changed meanwhile; nothing was written.
        """

        def replace(present: Story) -> dict[str, object]:
            if present.revision != base_revision:
                raise Wait("story.changed_meanwhile", slug=slug, base=base_revision, present=present.revision)
            return story_data(story)

        return self._change(slug, replace)

    def edit(self, slug: str, edits: Sequence[Edit]) -> Story:
        """Change fields, merging with what others changed meanwhile; the story after it.

        Raises:
            EditConflict: somebody changed the same field since `seen` to something else; nothing was written.
            InvalidInput: a value cannot be accepted; nothing was written.
        """
        return self._change(slug, lambda story: merge(story_data(story), edits))

    def add_scene(self, slug: str, *, after: str | None = None) -> Story:
        """One more empty scene, behind `after` or at the end, with an id that the story never had."""

        def add(story: Story) -> dict[str, object]:
            place = len(story.scenes) if after is None else _place(story, after) + 1
            number = self._highest_scene_number(slug, story) + 1
            fresh = Scene(id=f"s{number}", seed=first_seed(number))
            return _with_scenes(story, [*story.scenes[:place], fresh, *story.scenes[place:]])

        return self._change(slug, add)

    def remove_scene(self, slug: str, scene: str) -> Story:
        """One scene less; the last one stays."""

        def remove(story: Story) -> dict[str, object]:
            place = _place(story, scene)
            if len(story.scenes) == 1:
                raise FixInput("story.last_scene")
            return _with_scenes(story, [*story.scenes[:place], *story.scenes[place + 1 :]])

        return self._change(slug, remove)

    def move_scene(self, slug: str, scene: str, *, by: int) -> Story:
        """The scene `by` places later, or earlier when negative, at most to the end."""

        def move(story: Story) -> dict[str, object]:
            place = _place(story, scene)
            scenes = list(story.scenes)
            scenes.insert(max(0, place + by), scenes.pop(place))
            return _with_scenes(story, scenes)

        return self._change(slug, move)

    def history(self, slug: str) -> tuple[Revision, ...]:
        """All states, the present one first; damaged ones are left out."""
        file = self._file(slug)
        present = self._present(file)
        revisions: list[Revision] = []
        before: Story | None = None
        for number in file.history.numbers():
            try:
                story = file.revision(number)
            except StudioError as error:
                logger.warning("%s", error)
                continue
            changed = changes(before, story) if before is not None else ()
            revisions.append(Revision(number=number, saved_at=file.history.saved_at(number), changed=changed))
            before = story
        if not revisions and present is not None:
            revisions = [Revision(number=present.revision, saved_at=self.updated_at(slug), changed=())]
        return tuple(reversed(revisions))

    def go_back_to(self, slug: str, revision: int) -> Story:
        """Bring back an earlier state as a new revision, also when the file cannot be used as it is now.

        Raises:
            ChooseAnother: no such revision, or a damaged one.
        """
        earlier = self.load_at(slug, revision)
        file = self._file(slug)
        if self._present(file) is None and (saved := file.replace_invalid(earlier)) is not None:
            return saved
        return self._change(slug, lambda _: story_data(earlier))

    def delete(self, slug: str) -> str:
        """Into the trash with its history; the token gives it back."""
        self._file(slug).head()
        title = self._title(slug)
        self._files.pop(slug, None)
        return self.trash.put(slug, title=title)

    def restore(self, token: str) -> str:
        """Undo of `delete`; the slug, a new one where the old one is in use again."""
        return self.trash.take_out(token, free_slug=lambda slug: slug_from(slug, is_taken=self._is_taken))

    def _change(self, slug: str, change: Change) -> Story:
        """Apply `change` to the story as it is, again and again until nobody else was faster."""
        file = self._file(slug)
        file.head()
        for _ in range(MOST_TRIES):
            with file.turn():
                state = file.state()
                wanted = story_from(change(state.story), file=file.label)
                wanted = wanted.model_copy(update={"revision": state.story.revision})
                saved = state.story if wanted == state.story else file.commit(state, wanted)
            if saved is not None:
                return saved
        raise Wait("story.too_busy", slug=slug)

    def _create(self, story: Story, before: bytes | None) -> str:
        content = write_story(story, before=before)
        while True:
            slug = slug_from(story.title, is_taken=self._is_taken)
            # Of two who like the same name at the same moment one creates the file. A crash before leaves nothing, and
            # one right after it a story without a history, as those that are shipped.
            path = self.layout.story(slug)
            if create_bytes(path, content):
                try:
                    History(self.layout.history(slug)).add(1, content)
                except StudioError:
                    path.unlink(missing_ok=True)
                    raise
                return slug

    def _file(self, slug: str) -> StoryFile:
        if name_fault(slug) is not None:
            raise not_found(slug[:60])
        if slug not in self._files:
            self._files[slug] = StoryFile(self.layout, slug)
        return self._files[slug]

    def _present(self, file: StoryFile) -> Story | None:
        """The story as it is; None when its file is no valid story."""
        try:
            return file.state().story
        except InvalidInput:
            return None

    def _title(self, slug: str) -> str:
        present = self._present(self._file(slug))
        return present.title if present is not None else slug

    def _is_taken(self, slug: str) -> bool:
        """Whether files of a story of this name lie anywhere: a new story must not find another one's takes."""
        histories = self.layout.history(slug).parent
        others = (path.name for path in histories.iterdir() if History(path).numbers()) if histories.is_dir() else ()
        names = {same_file(name) for name in (*self.slugs(), *others, *self.trash.slugs())}
        # An empty folder is what a crash, or a sweep, has left.
        return same_file(slug) in names or any(self.layout.takes(slug, "-").parent.glob("*/*"))

    def _highest_scene_number(self, slug: str, story: Story) -> int:
        takes = self.layout.takes(slug, "-").parent
        painted = [path.name for path in takes.iterdir()] if takes.is_dir() else []
        ids = (*(scene.id for scene in story.scenes), *painted)
        numbers = [int(match.group(1)) for match in map(_SCENE_NUMBER.fullmatch, ids) if match]
        return max([self._file(slug).history.highest_scene_number(), *numbers])


def _place(story: Story, scene_id: str) -> int:
    for place, scene in enumerate(story.scenes):
        if scene.id == scene_id:
            return place
    raise ChooseAnother("story.no_such_scene")


def _with_scenes(story: Story, scenes: Sequence[Scene]) -> dict[str, object]:
    return story_data(story.model_copy(update={"scenes": tuple(scenes)}))
