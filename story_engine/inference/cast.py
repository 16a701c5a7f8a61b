"""Which pictures are painted along with others because those look at them, and where in them the characters are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from story_engine.catalog.tokenizer import count_tokens, token_span
from story_engine.domain.family import PIXELS_PER_LATENT
from story_engine.domain.recipe import CastPart, Recipe
from story_engine.inference.cast_lock import CastLock, Company, Look, Span
from story_engine.inference.denoising import Begun, PictureInputs
from story_engine.inference.encoding import EncodedPrompt
from story_engine.inference.painting import Painting, strengths


def with_anchors(recipes: Sequence[Recipe]) -> list[Recipe]:
    """The recipes, and behind them all that they look at, each once, by whatever way.

    What is asked for and also looked at is there twice, so that it comes out the same in whatever company.
    """
    anchors = {anchor.digest: anchor for recipe in recipes for anchor in recipe.anchors}
    return [*recipes, *anchors.values()]


@contextmanager
def cast_lock(
    painting: Painting, recipes: Sequence[Recipe], inputs: Sequence[PictureInputs], *, begun: Begun | None = None
) -> Iterator[CastLock | None]:
    """The cast lock of pictures that are painted together; None where none of them looks at another.

    Args:
        painting: networks, and the pictures that recipes begin with.
        recipes: as `with_anchors` gives them.
        inputs: of these recipes.
        begun: where these pictures are, if they are on their way.
    """
    if not any(recipe.cast for recipe in recipes):
        yield None
        return
    places = {recipe.digest: place for place, recipe in enumerate(recipes)}  # the last ones, where there are two
    prompts = {recipe.prompt: each.prompt for recipe, each in zip(recipes, inputs, strict=True)}
    looks = [
        [look for part in recipe.cast if (look := _look(recipe, part, places, prompts)) is not None]
        for recipe in recipes
    ]
    company = Company(
        looks=tuple(map(tuple, looks)),
        seeds=tuple(recipe.seed for recipe in recipes),
        stills=tuple(painting.starts[each.start.reference].latents if each.start else None for each in recipes),
        begin_at=tuple(recipe.begins_at for recipe in recipes),
        noises=tuple(each.noise for each in inputs),
        adapters=tuple(tuple(sorted(strengths(recipe).items())) for recipe in recipes),
        size=(recipes[0].height // PIXELS_PER_LATENT, recipes[0].width // PIXELS_PER_LATENT),
    )
    adapters = painting.painter.adapters
    maps = None if begun is None else begun.maps
    with CastLock(
        painting.painter.unet, company, activate=lambda pairs: adapters.activate(dict(pairs)), maps=maps
    ) as lock:
        yield lock


def row_span(prompt: str, words: tuple[int, int], encoded: EncodedPrompt) -> Span | None:
    """Where some characters of a prompt are in its embedding, which has its padding in front; None: cut off."""
    length = len(encoded.embedding)
    tokens = min(count_tokens(prompt), length)
    first, last = token_span(prompt, *words)
    last = min(last, tokens)
    return (first + length - tokens, last + length - tokens) if first < last else None


def _look(
    recipe: Recipe, part: CastPart, places: Mapping[str, int], prompts: Mapping[str, EncodedPrompt]
) -> Look | None:
    own = row_span(recipe.prompt, part.words, prompts[recipe.prompt])
    theirs = row_span(part.anchor.prompt, part.anchor_words, prompts[part.anchor.prompt])
    if own is None or theirs is None:
        return None
    return Look(
        anchor=places[part.anchor.digest],
        own=own,
        theirs=theirs,
        strength=part.strength,
        from_step=part.from_step,
        until_step=part.until_step,
    )
