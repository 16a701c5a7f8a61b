"""`python -m story_engine gallery …`: all pictures of the workspace, found, kept and thrown away, without a browser."""

from __future__ import annotations

from typing import Annotated, get_args

import typer

from story_engine import flows
from story_engine.cli.call import services_of
from story_engine.cli.output import answer
from story_engine.domain.gallery import ORDERS, GalleryPicture, Order, PictureKey, Wanted
from story_engine.errors import ChooseAnother

app = typer.Typer(no_args_is_help=True, help="All pictures of the workspace: of every story, deleted ones too.")

_LISTED = 100
Pictures = Annotated[list[str], typer.Argument(help="story/scene/take, as `gallery list` names them.")]


@app.command("list")
def list_pictures(
    context: typer.Context,
    words: Annotated[str, typer.Argument(help="Of prompt and titles; all of them have to be there.")] = "",
    story: Annotated[str | None, typer.Option(help="Slug.")] = None,
    lora: Annotated[str | None, typer.Option(help="Name of a LoRA that was used; an empty text: none was.")] = None,
    seed: Annotated[int | None, typer.Option()] = None,
    score_from: Annotated[float | None, typer.Option(help="Lowest score.")] = None,
    score_to: Annotated[float | None, typer.Option(help="Highest score.")] = None,
    favourites: Annotated[bool, typer.Option("--favourites", help="Only those.")] = False,
    order: Annotated[str, typer.Option(help=", ".join(ORDERS))] = "newest",
    start: Annotated[int, typer.Option(min=0, help="How many are passed over.")] = 0,
    most: Annotated[int, typer.Option(min=1, help="How many are listed.")] = _LISTED,
) -> None:
    """Find pictures. Example: python -m story_engine gallery list "猫咪 rain" --order best --json"""
    wanted = Wanted(
        words=words,
        story=story,
        lora=lora,
        seed=seed,
        score_from=score_from,
        score_to=score_to,
        favourites=favourites,
        order=_order(order),
    )
    found = flows.gallery.look(services_of(context), wanted, start=start, count=most)
    report = {
        "found": found.found,
        "total": found.total,
        "scorer": found.scorer,
        "stories": [
            {"story": each.slug, "title": each.title, "shelf": each.shelf, "pictures": each.count}
            for each in found.stories
        ],
        "loras": list(found.loras),
        "pictures": [_report(picture) for picture in found.pictures],
    }
    lines = [f"{found.found} of {found.total} pictures ({found.scorer} scorer)"]
    lines += [_line(picture) for picture in found.pictures]
    answer(context, report, "\n".join(lines))


@app.command()
def favourite(
    context: typer.Context,
    pictures: Pictures,
    take_back: Annotated[bool, typer.Option("--take-back", help="They are none any more.")] = False,
) -> None:
    """Make pictures favourites. Example: python -m story_engine gallery favourite singer/s1/3f2a…"""
    flows.gallery.set_favourite(services_of(context), _keys(pictures), not take_back)
    answer(context, {"pictures": pictures, "is_favourite": not take_back}, f"{len(pictures)} pictures")


@app.command()
def delete(context: typer.Context, pictures: Pictures) -> None:
    """Into the trash, together. Example: python -m story_engine gallery delete singer/s1/3f2a… singer/s2/77b0…"""
    token = flows.gallery.delete(services_of(context), _keys(pictures))
    answer(context, {"pictures": pictures, "token": token}, f"{len(pictures)} pictures; `gallery restore {token}`")


@app.command()
def restore(context: typer.Context, token: Annotated[str, typer.Argument(help="Of `gallery delete`.")]) -> None:
    """Bring deleted pictures back. Example: python -m story_engine gallery restore 1a2b3c4d5e6f7081"""
    takes = services_of(context).takes.restore_many(token)
    keys = [str(PictureKey.of(take)) for take in takes]
    answer(context, {"pictures": keys}, "\n".join(keys))


def _keys(pictures: list[str]) -> list[PictureKey]:
    found = []
    for each in pictures:
        key = PictureKey.read(each)
        if key is None:
            raise ChooseAnother("gallery.no_key", given=each[:120])
        found.append(key)
    return found


def _order(order: str) -> Order:
    found = next((known for known in get_args(Order) if known == order), None)
    if found is None:
        raise typer.BadParameter(f"{order!r} is none of {', '.join(ORDERS)}", param_hint="--order")
    known: Order = found
    return known


def _report(picture: GalleryPicture) -> dict[str, object]:
    recipe = picture.take.recipe
    return {
        "key": str(picture.key),
        "story": picture.take.story,
        "story_title": picture.story_title,
        "shelf": picture.shelf,
        "scene": picture.take.scene,
        "scene_number": picture.scene_number,
        "scene_title": picture.scene_title,
        "prompt": recipe.prompt,
        "negative": recipe.negative,
        "seed": recipe.seed,
        "family": recipe.family,
        "loras": {part.name: part.strength for part in recipe.loras},
        "score": picture.score,
        "is_favourite": picture.is_favourite,
        "created_at": picture.take.created_at,
        "file": str(picture.picture),
    }


def _line(picture: GalleryPicture) -> str:
    score = "–" if picture.score is None else f"{picture.score:z.2f}"
    mark = "*" if picture.is_favourite else " "
    return f"{mark} {score:>6} seed {picture.take.recipe.seed:<10} {picture.key}  {picture.story_title}"
