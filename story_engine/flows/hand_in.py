"""The details of a submission: read and written field by field."""

from __future__ import annotations

from story_engine.domain.hand_in import LONGEST, LORA_MARK, HandIn, checked
from story_engine.errors import ChooseAnother
from story_engine.flows.services import Services


def details(services: Services, slug: str) -> HandIn:
    """What was typed for a story.

    Raises:
        FixInput: the file was damaged by hand.
    """
    return services.hand_ins.load(slug)


def write(services: Services, slug: str, field: str, value: object, *, seen: object) -> HandIn:
    """Write one field, if it still holds what was `seen`; the details then.

    Raises:
        ChooseAnother: there is no such field.
        InvalidInput: the text cannot be kept.
        EditConflict: somebody else has written there meanwhile.
    """
    if HandIn().value(field) is None:
        listed = ", ".join((*[part for part in HandIn.model_fields if part in LONGEST], f"{LORA_MARK}.<sha256>.…"))
        raise ChooseAnother("submit.no_detail", field=field[:60], listed=listed)
    return services.hand_ins.edit(slug, field, checked(field, value), seen=str(seen or ""))
