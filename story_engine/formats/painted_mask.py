"""A mask as a page's brush hands it over: a PNG that is see-through where nothing is painted."""

from __future__ import annotations

import io
import warnings

from PIL import Image

from story_engine.errors import FixInput

LARGEST_BYTES = 4_000_000
"""More than a mask of the largest picture takes, which is two colours."""
_LONGEST_SIDE = 2048


def read_mask(content: bytes, size: tuple[int, int]) -> Image.Image:
    """8-bit grey, 255 where something is painted.

    Args:
        content: of the PNG; painted is what is opaque, or bright where it knows no transparency.
        size: width and height of the picture that it lies over.

    Raises:
        FixInput: it is no PNG, too large, or of another size.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            if len(content) > LARGEST_BYTES:
                raise FixInput("references.mask_unreadable", reason=f"{len(content)} bytes")
            with Image.open(io.BytesIO(content), formats=("PNG",)) as mask:
                if mask.size != size or max(mask.size) > _LONGEST_SIDE:
                    found, wanted = (f"{width}x{height}" for width, height in (mask.size, size))
                    raise FixInput("references.mask_size", found=found, wanted=wanted)
                mask.load()
                return mask.getchannel("A") if "A" in mask.getbands() else mask.convert("L")
    except FixInput:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, Warning) as error:
        raise FixInput("references.mask_unreadable", reason=str(error)[:120]) from error
