"""All pictures of the workspace: of every story, sweeps and stories that were deleted; found, kept, thrown away."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from story_engine.domain.gallery import GalleryPage, GalleryPicture, PictureKey, Wanted
from story_engine.errors import ChooseAnother, FixInput
from story_engine.flows.services import Services
from story_engine.store.gallery_query import Hit

PER_PAGE = 60
LARGEST_ZIP_BYTES = 400_000_000


def page(services: Services, wanted: Wanted, *, number: int = 1, per_page: int = PER_PAGE) -> GalleryPage:
    """One page (1 is the first) of the pictures that are wanted; of a page behind the last, the last."""
    found = look(services, wanted, start=(number - 1) * per_page, count=per_page)
    if not found.pictures and found.found:
        return look(services, wanted, start=(found.found - 1) // per_page * per_page, count=per_page)
    return found


def look(services: Services, wanted: Wanted, *, start: int = 0, count: int | None = None) -> GalleryPage:
    """`count` (None: all) of the pictures that are wanted, from `start` on. Their records are read, not believed."""
    scorer = services.present_scorer()
    favourites = services.favourites.favourites()
    found, totals = services.gallery.look(
        wanted, scorer=(scorer.name, scorer.version), favourites=favourites, start=start, count=count
    )
    pictures = [_picture(services, hit, hit.key in favourites) for hit in found.hits]
    return GalleryPage(
        pictures=tuple(picture for picture in pictures if picture is not None),
        found=found.count,
        total=totals.takes,
        stories=totals.stories,
        loras=totals.loras,
        scorer=scorer.name,
    )


def picture(services: Services, key: PictureKey) -> GalleryPicture:
    """One picture.

    Raises:
        ChooseAnother: there is no such picture.
    """
    existing(services, key)
    found = look(services, Wanted(key=key), count=1)
    return found.pictures[0]


def set_favourite(services: Services, keys: Sequence[PictureKey], is_favourite: bool) -> None:
    """Make pictures favourites, or none any more.

    Raises:
        ChooseAnother: one of them is not there.
    """
    if is_favourite:
        for key in keys:
            existing(services, key)
    services.favourites.set(keys, is_favourite)


def delete(services: Services, keys: Sequence[PictureKey]) -> str:
    """Into the trash, all together; the token gives them back.

    Raises:
        ChooseAnother: none of them is there any more.
        Wait: the disk cannot be written; none of them is deleted.
    """
    return services.takes.delete_many(tuple(dict.fromkeys(keys)))


def existing(services: Services, key: PictureKey) -> PictureKey:
    """The same key.

    Raises:
        ChooseAnother: there is no such picture.
    """
    if services.takes.read(*key) is None:
        raise ChooseAnother("takes.not_found")
    return key


def zipped(services: Services, keys: Sequence[PictureKey]) -> bytes:
    """The PNG files in one zip, a folder per story; nothing is deflated, as nothing would become smaller.

    Raises:
        FixInput: they are more than a browser should be given at once.
    """
    files = [(key, services.takes.files_of(*key)[0]) for key in keys]
    there = [(key, path) for key, path in files if path.is_file()]
    size = sum(path.stat().st_size for _, path in there)
    if size > LARGEST_ZIP_BYTES:
        raise FixInput("gallery.zip_too_large", count=len(there), size=size // 10**6, limit=LARGEST_ZIP_BYTES // 10**6)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for key, path in there:
            archive.write(path, f"{key.story}/{key.scene}-{key.take[:12]}.png")
    return content.getvalue()


def _picture(services: Services, hit: Hit, is_favourite: bool) -> GalleryPicture | None:
    """What the disk has of a hit; None where it has gone since the index was asked."""
    take = services.takes.read(*hit.key)
    if take is None:
        return None
    picture, thumbnail = services.takes.files(take)
    return GalleryPicture(
        take=take,
        picture=picture,
        thumbnail=thumbnail,
        score=hit.score,
        is_favourite=is_favourite,
        story_title=hit.story_title,
        scene_title=hit.scene_title,
        scene_number=hit.scene_number,
        shelf=hit.shelf,
    )
