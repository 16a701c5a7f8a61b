"""How much memory painting needs here, and what is done so that it suffices: said before the work begins."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from story_engine.catalog.devices import free_bytes, gpu_names, main_memory_free
from story_engine.catalog.families import description
from story_engine.domain.memory_plan import MemoryPlan, Painting, plan_for
from story_engine.errors import ChooseAnother
from story_engine.flows.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryView:
    """The plan for pictures of one size, as things are now; the work itself plans again when it begins."""

    plan: MemoryPlan
    free_bytes: int
    is_gpu: bool

    @property
    def fits(self) -> bool:
        """Whether it most likely runs; an estimate, so nothing is refused for it."""
        return self.plan.peak_bytes <= self.free_bytes


def view(
    services: Services,
    family: str,
    *,
    width: int | None = None,
    height: int | None = None,
    controls: Collection[str] = (),
) -> MemoryView | None:
    """The plan for a family's pictures; None for one that fits anywhere.

    Args:
        services: of the workspace.
        family: its name.
        width: of the largest picture; None: the family's own.
        height: likewise.
        controls: kinds of control pictures that any scene has; those that the family lacks count nothing.

    Raises:
        ChooseAnother: there is no such family.
    """
    known = services.families()
    if family not in known:
        raise ChooseAnother("models.unknown_family", name=family, listed=", ".join(known))
    said = description(family)
    if said.painting is None:
        return None
    painting = Painting(
        pixels=(width or said.width) * (height or said.height),
        is_half=said.precision() != "float32",
        is_gpu=bool(gpu_names()),
        host_bytes=main_memory_free(),
        controls=frozenset(controls),
    )
    free = free_bytes()
    return MemoryView(plan=plan_for(said.painting, painting, free_bytes=free), free_bytes=free, is_gpu=painting.is_gpu)
