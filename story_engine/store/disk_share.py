"""How much of the disk one person of a class keeps, looked at while something of theirs is at work."""

from __future__ import annotations

import time

from story_engine.errors import Wait
from story_engine.store.disk import size_of
from story_engine.store.layout import Layout
from story_engine.store.members import MemberLayout

GB = 10**9
"""Bytes of what `STORY_STUDIO_USER_DISK_GB` counts."""
LOOK_SECONDS = 10.0
"""How old the figure may be: a home of ten thousand pictures takes a tenth of a second to add up."""


class DiskShare:
    """Of whoever's workspace it is; nobody's outside of a class.

    Args:
        layout: of the workspace in which something is at work.
        limit_gb: how much one person may keep; 0: no limit.
    """

    def __init__(self, layout: Layout, limit_gb: int) -> None:
        self._home = layout.workspace.parent if isinstance(layout, MemberLayout) and limit_gb else None
        self._limit_gb = limit_gb
        self._looked_at = -LOOK_SECONDS
        self._used = 0

    @property
    def is_used_up(self) -> bool:
        """Whether more is kept by now than may be."""
        now = time.monotonic()
        if self._home is not None and now - self._looked_at >= LOOK_SECONDS:
            self._looked_at, self._used = now, size_of(self._home)
        return self._home is not None and self._used > self._limit_gb * GB

    def check(self) -> None:
        """End what is at work, where something of it is finished: that stays.

        Raises:
            Wait: the share is used up.
        """
        if self.is_used_up:
            raise Wait("members.share_used_up", used=f"{self._used / GB:.1f}", limit=self._limit_gb)
