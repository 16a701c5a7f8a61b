"""The grid of a sweep as one labelled picture."""

from __future__ import annotations

from story_engine.domain.story import Story
from story_engine.domain.sweep import Axis, AxisValue, Sweep
from story_engine.errors import FixInput
from story_engine.flows.services import Services
from story_engine.flows.sweep_view import DONE, CellView, SweepView, view_of
from story_engine.flows.sweep_words import axis_name, axis_title, settings_text, value_name
from story_engine.formats.labelled_grid import GridCell, LabelledGrid, as_png, labelled_grid
from story_engine.formats.lettering import can_write
from story_engine.messages import message

_SCORERS = {"aesthetic": "sweep.scorer_aesthetic", "preview": "sweep.scorer_preview"}
_FAMILIES = {"preview": "sweep.family_preview", "kolors": "sweep.family_kolors"}


def picture(services: Services, slug: str, sweep: Sweep, *, language: str) -> bytes:
    """A PNG with title, settings, axes and scores, in the reader's language.

    Raises:
        FixInput: nothing of it is painted yet.
    """
    view = view_of(services, slug, sweep)
    if view.done == 0:
        raise FixInput("sweep.nothing_painted")
    story = services.stories.load(slug)
    recipe = view.rows[0][0].recipe
    grid = labelled_grid(as_grid(view, story, language), shape=(recipe.width, recipe.height))
    return as_png(grid, {"story_studio_grid": sweep.model_dump_json()})


def as_grid(view: SweepView, story: Story, language: str) -> LabelledGrid:
    """The grid's texts and pictures; a name that the shipped font cannot write is told by its place or id."""
    sweep = view.sweep
    scene = story.scene(sweep.scene)
    numbered = message("sweep.scene_number", language, n=[each.id for each in story.scenes].index(scene.id) + 1)
    titles = (_written(story.title, view.story), _written(f"{numbered} {scene.title}".strip(), numbered))
    rows = [row[0].given for row in view.rows]
    return LabelledGrid(
        title=" · ".join(text for text in titles if text),
        lines=(settings_text(view.rows[0][0].recipe, language, without=sweep.kinds()),),
        x_name=_axis(sweep, sweep.x, story, language),
        columns=_names(sweep.x.kind, [cell.given for cell in view.rows[0]], language),
        y_name="" if sweep.y is None else _axis(sweep, sweep.y, story, language),
        rows=("",) if sweep.y is None else _names(sweep.y.kind, rows, language),
        cells=tuple(tuple(_cell(cell) for cell in row) for row in view.rows),
        blank=message("sweep.not_painted", language),
        footer=_footer(view, language),
    )


def _axis(sweep: Sweep, axis: Axis, story: Story, language: str) -> str:
    return _written(axis_name(sweep, axis, story, language), axis_title(axis.kind, language))


def _cell(view: CellView) -> GridCell:
    return GridCell(
        picture=view.picture if view.state == DONE else None,
        note="" if view.score is None else f"{view.score:.2f}",
        is_best=view.is_best,
    )


def _names(kind: str, given: list[dict[str, AxisValue]], language: str) -> tuple[str, ...]:
    names = [value_name(kind, each[kind], language) for each in given]
    return tuple(_written(name, f"{axis_title(kind, 'en')} {place}") for place, name in enumerate(names, 1))


def _footer(view: SweepView, language: str) -> str:
    """Which model painted, and whose scores these are: without it a number promises too much."""
    scorer = message(_SCORERS[view.scorer], language)
    model = message(_FAMILIES[view.family], language) if view.family in _FAMILIES else view.family
    footer = f"Story Studio · {model}"
    if any(cell.score is not None for row in view.rows for cell in row):
        footer += " · " + message("sweep.scored_by", language, scorer=scorer)
    return footer


def _written(text: str, instead: str) -> str:
    return text if can_write(text) else instead
