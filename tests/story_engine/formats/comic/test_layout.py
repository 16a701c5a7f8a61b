from __future__ import annotations

import itertools

from story_engine.domain.comic import CAPTIONS, LAYOUTS, PAPERS, ComicOptions
from story_engine.formats.comic.drawing import Box
from story_engine.formats.comic.layout import MARGIN, Place, paper, places, shared_out

ROUNDING = 1.5


def laid_out(count: int, options: ComicOptions, *, shape: float = 1.0) -> list[tuple[Box, list[Place]]]:
    width, height = paper(options)
    room = Box(MARGIN, MARGIN, width - 2 * MARGIN, height - 2 * MARGIN)
    words = 90.0 if options.captions == "beside" else 0.0
    return [
        (room, places(panels, [shape] * count, room=room, options=options, words=lambda *_: words))
        for panels in shared_out(count, options)
    ]


def apart(one: Box, other: Box) -> bool:
    return (
        one.right <= other.x + ROUNDING
        or other.right <= one.x + ROUNDING
        or one.bottom <= other.y + ROUNDING
        or other.bottom <= one.y + ROUNDING
    )


def inside(box: Box, room: Box) -> bool:
    grown = room.grown(ROUNDING)
    return grown.x <= box.x and grown.y <= box.y and box.right <= grown.right and box.bottom <= grown.bottom


def test_every_number_of_panels_stands_whole_and_apart_in_every_layout():
    faults = []
    choices = itertools.product(range(1, 25), LAYOUTS, PAPERS, CAPTIONS, (False, True), (False, True), (1.0, 0.6, 1.8))
    for number, (count, layout, size, captions, vertical, landscape, shape) in enumerate(choices):
        if number % 11:  # every eleventh of 5000 combinations; each value meets each other value
            continue
        options = ComicOptions(layout=layout, paper=size, captions=captions, vertical=vertical, landscape=landscape)
        pages = laid_out(count, options, shape=shape)
        listed = [place.panel for _, found in pages for place in found]
        if listed != list(range(count)):
            faults.append((options, count, "panels", listed))
        for room, found in pages:
            pictures = [place.picture for place in found]
            if not all(inside(box, room) for box in pictures):
                faults.append((options, count, shape, "outside"))
            if not all(apart(one, other) for one, other in itertools.combinations(pictures, 2)):
                faults.append((options, count, shape, "over each other"))
            if any(abs(box.width / box.height - shape) > 0.02 for box in pictures):
                faults.append((options, count, shape, "cut or stretched"))
            if min(box.width for box in pictures) < 100:
                faults.append((options, count, shape, "too small"))
    assert not faults, faults[:5]


def test_eight_square_panels_fill_most_of_a_page():
    ((room, found),) = laid_out(8, ComicOptions())

    covered = sum(place.picture.width * place.picture.height for place in found)

    assert covered / room.width / room.height > 0.7


def test_panels_are_read_from_left_to_right_and_in_vertical_text_from_right_to_left():
    for vertical in (False, True):
        ((_, found),) = laid_out(4, ComicOptions(layout="grid", vertical=vertical, captions="none"))
        rows = {round(place.picture.y): [] for place in found}
        for place in found:
            rows[round(place.picture.y)].append(place.picture.x)
        assert all(row == sorted(row, reverse=vertical) for row in rows.values())


def test_pages_hold_about_equally_many_panels():
    assert [len(page) for page in shared_out(24, ComicOptions())] == [8, 8, 8]
    assert [len(page) for page in shared_out(9, ComicOptions())] == [4, 5]
    assert [len(page) for page in shared_out(9, ComicOptions(per_page=3))] == [3, 3, 3]


def test_print_size_is_print_size():
    assert paper(ComicOptions()) == (2480, 3508)
    assert paper(ComicOptions(paper="b5", landscape=True)) == (2953, 2079)
