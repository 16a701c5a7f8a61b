"""What a deleted story consists of: its file, its history, and copies that lay beside it."""

from __future__ import annotations

from collections.abc import Callable

from story_engine.store.layout import Layout
from story_engine.store.old_trash import STORY_COPY, STORY_HEAD, STORY_HISTORY
from story_engine.store.trash import Trash


class StoryTrash:
    """Stories in the trash."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._trash = Trash(layout)

    def put(self, slug: str, *, title: str = "") -> str:
        """Move a story here; the token that gives it back.

        Raises:
            Wait: the folder cannot be written.
        """
        copies = sorted(self._layout.stories.glob(f"{slug}.yaml{STORY_COPY}*"))
        # The head first: from then on the story is off the shelf, whatever happens to the rest.
        parts = [(STORY_HEAD, self._layout.story(slug)), (STORY_HISTORY, self._layout.history(slug))]
        return self._trash.put("story", slug, [*parts, *((copy.name, copy) for copy in copies)], title=title)

    def take_out(self, token: str, *, free_slug: Callable[[str], str]) -> str:
        """Bring a story back; its slug, a free one where the old one is in use again.

        Raises:
            ChooseAnother: no story here has this token.
        """
        slug = self._trash.entry(token, "story").name
        parts = self._trash.parts(token)
        # A history without its story is what an earlier attempt has brought back already.
        has_history = STORY_HISTORY in parts and self._layout.history(slug).exists()
        if self._layout.story(slug).exists() or has_history:
            slug = free_slug(slug)
        copies = [
            (part, self._layout.stories / f"{slug}.yaml{part[part.rindex(STORY_COPY) :]}")
            for part in parts
            if STORY_COPY in part
        ]
        # The head last: with it the story is on the shelf again.
        history, head = (STORY_HISTORY, self._layout.history(slug)), (STORY_HEAD, self._layout.story(slug))
        self._trash.take_out(token, [history, *copies, head])
        return slug

    def slugs(self) -> set[str]:
        """Names that the stories here would like to have back."""
        return self._trash.names("story")
