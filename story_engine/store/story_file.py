"""One story on disk: its file on the shelf (the head) and its history, kept in step whatever happens to either.

A save is committed by creating the next revision in the history; the head follows. So a head that is behind is healed
when it is read, one that was edited by hand becomes a revision, and one that is damaged is copied aside while the last
good state is shown.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from filelock import FileLock, Timeout

from story_engine.domain.story import Story
from story_engine.domain.three_way import with_changes_of
from story_engine.errors import ChooseAnother, InvalidInput, Problem, StudioError, Wait
from story_engine.store.atomic import read_bytes, write_bytes
from story_engine.store.exchange import exchange_bytes, settled_bytes
from story_engine.store.folders import make_folder
from story_engine.store.history import History
from story_engine.store.layout import Layout
from story_engine.store.safe_yaml import LARGEST_BYTES, decode
from story_engine.store.story_text import read_document, read_story, write_story

logger = logging.getLogger(__name__)

LOCK_NAME = ".lock"
LOCK_SECONDS = 10.0
MOST_CLAIMED = 10**9
"""A file without a history that claims more begins anew: nobody saves a story so often."""


@dataclass(frozen=True, slots=True)
class State:
    """A story as it is now, and what the next save builds on."""

    story: Story
    content: bytes
    """The author's file that says it."""
    next_number: int
    """The revision that the next save must be the first to create."""


class StoryFile:
    """Head and history of one story."""

    def __init__(self, layout: Layout, slug: str) -> None:
        self.slug = slug
        self.path = layout.story(slug)
        self.history = History(layout.history(slug))
        self.label = f"{layout.stories.name}/{slug}.yaml"
        self._parsed: tuple[bytes, Story] | None = None
        self._revisions: dict[int, tuple[bytes, Story]] = {}

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Let writers on this machine take turns, so that none works in vain.

        A courtesy only: where locks cannot be had, or do not meet because the folder is shared by several machines,
        creating the revision still decides.
        """
        try:
            make_folder(self.history.folder)
            lock = FileLock(self.history.folder / LOCK_NAME, timeout=LOCK_SECONDS, poll_interval=0.01)
            lock.acquire()
        except (OSError, Timeout):
            yield
            return
        try:
            yield
        finally:
            lock.release()

    def state(self, *, settled: bytes | None = None) -> State:
        """The story as it is now; what happened to its file outside of the Studio is put in order on the way.

        Args:
            settled: what the file holds, when somebody was writing it a moment ago.

        Raises:
            ChooseAnother: there is no such story.
            InvalidInput: the head is damaged and there is no history, or it is whole and not a valid story.
        """
        # The head first: unless somebody edited it by hand it is never newer than a history that is listed later.
        head = self.head() if settled is None else settled
        numbers, newest = self.history.newest()
        if newest is None:
            story = self._story(head)
            if story.revision > MOST_CLAIMED:
                story = story.model_copy(update={"revision": 0})
            return State(story, head, max([story.revision, *numbers]) + 1)
        number, content = newest
        if head == content:
            return State(self._story(content), content, numbers[-1] + 1)
        if self._is_behind(head, number):
            self._write_head(content, number, replacing=head)
            return State(self._story(content), content, numbers[-1] + 1)
        if settled is None and (whole := self._settled_head()) != head:
            return self.state(settled=whole)  # it was being written in this moment
        try:
            read_document(head, file=self.label)
        except InvalidInput as damage:
            logger.warning("Revision %d is shown instead of a damaged file: %s", number, damage)
            self._keep(head)
            return State(self._story(content), content, numbers[-1] + 1)
        if decode(head) == decode(content):
            return State(self._story(content), content, numbers[-1] + 1)
        return self._edited_by_hand(head, shown=number, next_number=numbers[-1] + 1)

    def commit(self, state: State, wanted: Story) -> Story | None:
        """Make `wanted` the next revision.

        Returns:
            The story with its new revision; None when somebody else made that revision first.

        Raises:
            Wait: the disk is full or the folder cannot be written; nothing has changed.
        """
        if state.next_number == state.story.revision + 1 and not self.history.numbers():
            # A story that came without a history: its first edit keeps what it was.
            self.history.add(state.story.revision, state.content)
        story = wanted.model_copy(update={"revision": state.next_number})
        content = write_story(story, before=state.content)
        if not self.history.add(state.next_number, content):
            return None
        self._parsed = (content, story)
        self._write_head(content, state.next_number, replacing=state.content)
        try:
            self.history.prune()
        except OSError as error:
            logger.warning("The history of %s could not be thinned out: %s", self.slug, error)
        return story

    def replace_invalid(self, story: Story) -> Story | None:
        """As `commit`, for a head that is no valid story: it is copied aside first."""
        head = self.head()
        numbers, newest = self.history.newest()
        before = newest[1] if newest else write_story(story)
        self._keep(head)
        return self.commit(State(story, before, max([story.revision, *numbers]) + 1), story)

    def head(self) -> bytes:
        """The file on the shelf as it is.

        Raises:
            ChooseAnother: there is none.
        """
        try:
            return read_bytes(self.path, limit=LARGEST_BYTES)
        except FileNotFoundError as error:
            raise not_found(self.slug) from error

    def damage(self) -> tuple[Problem, dict[str, object]] | None:
        """What ails a damaged head, and the values of `story.showing_revision`; None when the head is whole."""
        head = self.head()
        if self._parsed is not None and self._parsed[0] == head:
            return None
        try:
            read_document(head, file=self.label)
        except InvalidInput as damage:
            shown = self.state().story.revision
            kept = f"{self.path.name}{_kept_suffix(head)}"
            return damage.problems[0], {"file": self.label, "revision": shown, "kept": kept}
        return None

    def copies(self) -> tuple[str, ...]:
        """Names of the copies of heads that could not be used."""
        return tuple(sorted(path.name for path in self.path.parent.glob(f"{self.path.name}.damaged-*")))

    def revision(self, number: int) -> Story:
        """The story as it was.

        Raises:
            ChooseAnother: no such revision, or a damaged one.
        """
        content = self.history.content(number)
        if content is None:
            known = self.history.numbers()
            if number in known:
                raise ChooseAnother("story.revision_damaged", slug=self.slug, revision=number)
            listed = ", ".join(map(str, known)) or "-"
            raise ChooseAnother("story.no_such_revision", slug=self.slug, revision=number, known=listed)
        parsed = self._revisions.get(number)
        if parsed is None or parsed[0] != content:
            story = read_story(content, file=f"{self.label} ({number})")
            parsed = self._revisions[number] = (content, story.model_copy(update={"revision": number}))
        return parsed[1]

    def _edited_by_hand(self, head: bytes, *, shown: int, next_number: int) -> State:
        """Keep what somebody wrote into the file itself as a revision of its own."""
        story = self._story(head)
        revised = story.model_copy(update={"revision": next_number})
        content = write_story(revised, before=head)
        try:
            if not self.history.add(next_number, content):
                return self.state()
            merged = self._with_saves_since(story, claimed=story.revision, shown=shown)
            if merged is not None:
                revised = merged.model_copy(update={"revision": next_number + 1})
                content = write_story(revised, before=head)
                if not self.history.add(revised.revision, content):
                    return self.state()
        except Wait as error:
            logger.warning("An edit of %s by hand could not be put into its history: %s", self.slug, error)
            return State(story.model_copy(update={"revision": shown}), head, next_number)
        logger.info("%s was edited outside of the Studio: revision %d", self.slug, revised.revision)
        self._write_head(content, revised.revision, replacing=head)
        return State(revised, content, revised.revision + 1)

    def _with_saves_since(self, edited: Story, *, claimed: int, shown: int) -> Story | None:
        """A hand's text with what was saved since the revision that it was made from; None when nothing was."""
        if not 0 <= claimed < shown:
            return None
        try:
            before, ours = self.revision(claimed), self.revision(shown)
        except StudioError:
            return None  # nobody knows what it was made from
        return with_changes_of(ours, edited, before=before)

    def _write_head(self, content: bytes, number: int, *, replacing: bytes, is_last: bool = False) -> None:
        """Bring the head up to revision `number`. That is committed: a head that stays behind is healed later.

        What somebody wrote into the file in this very moment is never lost: it becomes a revision too.
        """
        try:
            newest = self.history.newest()[1]
            if newest is not None and newest[0] > number:
                logger.info("Revision %d of %s is newer: who made it writes the file", newest[0], self.slug)
                return
            if self.head() == content:
                return
            was = exchange_bytes(self.path, content, limit=LARGEST_BYTES)
            if was not in (content, replacing) and not self._is_revision(was):
                self._keep_late_edit(was, shown=number, present=content, is_last=is_last)
        except StudioError as error:
            logger.warning("The file of %s stays behind its history for now: %s", self.slug, error)

    def _keep_late_edit(self, edited: bytes, *, shown: int, present: bytes, is_last: bool) -> None:
        """What a hand wrote while we saved becomes a revision, and with what we saved the next one.

        Whoever writes again and again is not raced: after the second time the file stays behind until it is read next.
        """
        try:
            theirs = read_story(edited, file=self.label)
        except InvalidInput:
            self._keep(edited)
            return
        self._add_next(theirs, before=edited)
        merged = self._with_saves_since(theirs, claimed=theirs.revision, shown=shown)
        number, written = self._add_next(merged or read_story(present, file=self.label), before=edited)
        logger.info("%s was edited outside of the Studio during a save: revision %d", self.slug, number)
        if not is_last:
            self._write_head(written, number, replacing=present, is_last=True)

    def _add_next(self, story: Story, *, before: bytes) -> tuple[int, bytes]:
        """Make a story the newest revision, whoever else is at it; its number, and its file."""
        while True:
            number = max(self.history.numbers(), default=0) + 1
            content = write_story(story.model_copy(update={"revision": number}), before=before)
            if self.history.add(number, content):
                return number, content

    def _is_behind(self, head: bytes, newest: int) -> bool:
        """Whether a file is an earlier revision, and not what somebody has written."""
        try:
            document = read_document(head, file=self.label)
        except InvalidInput:
            return False
        claimed = document.data.get("revision", 0) if isinstance(document.data, dict) else None
        return isinstance(claimed, int) and 0 <= claimed < newest and self.history.content(claimed) == head

    def _settled_head(self) -> bytes:
        try:
            return settled_bytes(self.path, limit=LARGEST_BYTES)
        except FileNotFoundError as error:
            raise not_found(self.slug) from error

    def _is_revision(self, content: bytes) -> bool:
        try:
            number = read_story(content, file=self.label).revision
        except InvalidInput:
            return False
        return self.history.content(number) == content

    def _keep(self, head: bytes) -> None:
        """A copy beside the head, once per content; of an empty one, as an editor leaves it for a moment, none."""
        if not head.strip():
            return
        copy = self.path.with_name(f"{self.path.name}{_kept_suffix(head)}")
        if copy.exists():
            return
        try:
            write_bytes(copy, head)
        except StudioError as error:
            logger.warning("No copy of the damaged file could be made: %s", error)

    def _story(self, content: bytes) -> Story:
        """Parsed once for as long as it stays the same."""
        if self._parsed is None or self._parsed[0] != content:
            self._parsed = (content, read_story(content, file=self.label))
        return self._parsed[1]


def not_found(slug: str) -> ChooseAnother:
    """There is no such story."""
    return ChooseAnother("story.not_found", slug=slug)


def _kept_suffix(content: bytes) -> str:
    return f".damaged-{hashlib.sha256(content).hexdigest()[:8]}"
