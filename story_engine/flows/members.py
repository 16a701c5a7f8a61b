"""What one person of a class may not do, because it is everybody's, or reaches beyond their own folder."""

from __future__ import annotations

from story_engine.errors import FixInput
from story_engine.flows.services import Services


def refuse_to_members(services: Services) -> None:
    """For what belongs to all: models, their settings, the machine's other folders and accounts.

    Raises:
        FixInput: the workspace is one person's of a class.
    """
    if services.is_member:
        raise FixInput("members.operator_only")
