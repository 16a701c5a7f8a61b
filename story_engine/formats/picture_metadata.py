"""What a picture says about how it was made: A1111, Forge, ComfyUI, InvokeAI, SwarmUI, NovelAI and our own.

No pixel is decoded: Pillow reads the header and the texts, of bounded size, and nothing in them is believed further
than that it is text.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping

from PIL import ExifTags, Image, UnidentifiedImageError

from story_engine.domain.guidance import guidance_in
from story_engine.domain.imported_story import ImportedLora, ImportedScene, ImportedStory, Note, note, number, scene
from story_engine.domain.sampler_names import sampler_of
from story_engine.errors import FixInput
from story_engine.formats.comfy_workflow import read_workflow
from story_engine.formats.control_texts import controls_in_recipe
from story_engine.formats.infotext import OWN_CHUNK, PARAMETERS
from story_engine.formats.infotext_reader import is_infotext, lora_tags, read_infotext, without_lora_tags
from story_engine.formats.literal_json import read_json
from story_engine.formats.outside_picture import HARMS, LARGEST_BYTES, LONGEST_SIDE, MOST_PIXELS

FORMATS = ("PNG", "JPEG", "WEBP")
_LONGEST_TEXT = 5_000_000
_CODES = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16", b"JIS\0\0\0\0\0": "shift_jis", bytes(8): "utf-8"}
"""The first eight bytes of an EXIF comment. Source: EXIF 2.32, 4.6.5, UserComment."""


def read_picture_metadata(content: bytes, *, name: str) -> ImportedStory:
    """The one scene that the picture was painted from.

    Raises:
        FixInput: it is no such picture, too large, damaged, or says nothing about how it was made.
    """
    texts = _texts(content, name)
    for read in (_own, _invoke, _swarm, _comfy, _infotext, _novel):
        found = read(texts, name)
        if found is not None and found.scenes:
            return found
    raise FixInput("imports.no_metadata", name=name)


def _texts(content: bytes, name: str) -> dict[str, str]:
    """Every text of the picture by its key; the EXIF comment as `UserComment`."""
    if len(content) > LARGEST_BYTES:
        raise FixInput("dataset.picture_bytes", name=name, size=len(content), limit=LARGEST_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
                width, height = opened.size
                if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
                    limits = {"megapixels": MOST_PIXELS // 10**6, "longest": LONGEST_SIDE}
                    raise FixInput("dataset.picture_pixels", name=name, width=width, height=height, **limits)
                texts = {str(key): _mended(value) for key, value in opened.info.items() if isinstance(value, str)}
                if not texts and opened.format == "PNG":
                    opened.load()  # some write their texts behind the pixels
                    texts = {str(key): _mended(value) for key, value in opened.info.items() if isinstance(value, str)}
                return texts | (_exif_texts(opened) if not texts or _may_have_exif(opened) else {})
    except FixInput:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FixInput("dataset.picture_pixels_unknown", name=name, megapixels=MOST_PIXELS // 10**6) from error
    except UnidentifiedImageError as error:
        raise FixInput("imports.picture_kind", name=name, kinds=", ".join(FORMATS)) from error
    except MemoryError as error:
        raise FixInput("dataset.picture_memory", name=name) from error
    except HARMS as error:
        reason = str(error)[:120] or type(error).__name__
        raise FixInput("dataset.picture_damaged", name=name, reason=reason) from error


def _may_have_exif(opened: Image.Image) -> bool:
    """False for a PNG whose texts are known and that has no EXIF beside them: Pillow would look behind its pixels.

    The page that a picture is dropped on sends a PNG without any.
    """
    return opened.format != "PNG" or "exif" in opened.info


def _mended(text: str) -> str:
    """UTF-8 that was put where PNG has Latin-1, as in the organisers' sample pictures, read as what it is."""
    text = text[:_LONGEST_TEXT]
    try:
        return text.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text


def _exif_texts(opened: Image.Image) -> dict[str, str]:
    exif = opened.getexif()
    found: dict[str, str] = {}
    comment = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
    if isinstance(comment, bytes | str) and (text := _comment(comment)):
        found["UserComment"] = text
    for value in list(exif.values()):  # ComfyUI writes `prompt:{…}` into the camera's make and model
        key, colon, rest = value.partition(":") if isinstance(value, str) else ("", "", "")
        if colon and key.strip().lower() in ("prompt", "workflow") and rest.lstrip().startswith("{"):
            found.setdefault(key.strip().lower(), _mended(rest).strip("\0 "))
    return found


def _comment(comment: bytes | str) -> str:
    """An EXIF comment; UTF-16 of either order, since tools do not agree which one is meant."""
    if isinstance(comment, str):
        return comment
    code, rest = _CODES.get(comment[:8]), comment[8 : 8 + _LONGEST_TEXT]
    if code is None:
        return comment[:_LONGEST_TEXT].decode("utf-8", "ignore").strip("\0 ")
    if code != "utf-16":
        return rest.decode("utf-8" if code == "ascii" else code, "ignore").strip("\0 ")
    orders = [rest.decode(order, "ignore").strip("\0\ufeff\ufffe ") for order in ("utf-16-be", "utf-16-le")]
    return max(orders, key=lambda text: sum(each.isascii() for each in text))


def _own(texts: Mapping[str, str], name: str) -> ImportedStory | None:
    """Our own takes: the whole recipe."""
    data = _object(texts.get(OWN_CHUNK), name)
    recipe = data.get("recipe")
    if not isinstance(recipe, dict):
        return None
    noise = recipe.get("noise")
    found, notes = scene(
        prompt=recipe.get("prompt"),
        negative=recipe.get("negative"),
        seed=recipe.get("seed"),
        sampler=sampler_of(recipe.get("sampler")),
        noise="device" if isinstance(noise, str) and noise.startswith("device") else "cpu",
        steps=recipe.get("steps"),
        cfg_scale=recipe.get("cfg_scale"),
        width=recipe.get("width"),
        height=recipe.get("height"),
        guidance=guidance_in(recipe),
    )
    found = found.model_copy(update={"controls": controls_in_recipe(recipe.get("controls"))})
    parts = recipe.get("loras")
    loras = [
        ImportedLora(path=str(part["name"])[:200], strength=number(part.get("strength")))
        for part in (parts if isinstance(parts, list) else [])
        if isinstance(part, dict) and part.get("name")
    ]
    family = recipe.get("family")
    found_family = family if isinstance(family, str) and family in ("preview", "kolors") else None
    return _story(name, found, notes, loras=loras, family=found_family)


def _infotext(texts: Mapping[str, str], name: str) -> ImportedStory | None:
    for key in (PARAMETERS, "UserComment", "Comment", "comment", "Description"):
        text = texts.get(key, "")
        if is_infotext(text):
            found, loras, notes = read_infotext(text, place="")
            return _story(name, found, notes, loras=loras, family="kolors" if "Model: kolors" in text else None)
    return None


def _swarm(texts: Mapping[str, str], name: str) -> ImportedStory | None:
    """SwarmUI: a JSON object where A1111 has its text."""
    for key in (PARAMETERS, "UserComment"):
        data = _object(texts.get(key), name).get("sui_image_params")
        if not isinstance(data, dict):
            continue
        prompt = str(data.get("prompt", ""))
        found, notes = _made(
            data, prompt=prompt, negative=data.get("negativeprompt"), steps="steps", cfg="cfgscale", sampler="sampler"
        )
        names, weights = data.get("loras"), data.get("loraweights")
        listed = names if isinstance(names, list) else str(names).split(",") if names else []
        strengths = weights if isinstance(weights, list) else str(weights).split(",") if weights else []
        loras = [
            ImportedLora(path=str(each)[:200], strength=number(strengths[at]) if at < len(strengths) else 1.0)
            for at, each in enumerate(listed)
            if str(each).strip()
        ]
        return _story(name, found, notes, loras=[*lora_tags(prompt), *loras])
    return None


def _invoke(texts: Mapping[str, str], name: str) -> ImportedStory | None:
    data = _object(texts.get("invokeai_metadata"), name)
    if "positive_prompt" not in data:
        return None
    negative = data.get("negative_prompt")
    prompt = data["positive_prompt"]
    found, notes = _made(data, prompt=prompt, negative=negative, steps="steps", cfg="cfg_scale", sampler="scheduler")
    loras = []
    listed = data.get("loras")
    for each in listed if isinstance(listed, list) else []:
        model = each.get("model", each.get("lora")) if isinstance(each, dict) else None
        if isinstance(model, dict) and (model.get("name") or model.get("model_name")):
            title = str(model.get("name") or model.get("model_name"))
            loras.append(ImportedLora(path=title[:200], strength=number(each.get("weight"))))
    return _story(name, found, notes, loras=loras)


def _novel(texts: Mapping[str, str], name: str) -> ImportedStory | None:
    data = _object(texts.get("Comment"), name)
    if "prompt" not in data or "uc" not in data:
        return None
    prompt = data["prompt"]
    found, notes = _made(data, prompt=prompt, negative=data["uc"], steps="steps", cfg="scale", sampler="sampler")
    return _story(name, found, notes)


def _comfy(texts: Mapping[str, str], name: str) -> ImportedStory | None:
    """The graph that was run, else the one of the editor."""
    for key in ("prompt", "workflow"):
        data = _object(texts.get(key), name)
        found = read_workflow(data, name=name) if data else None
        if found is not None and found.scenes:
            return found
    return None


def _made(
    data: Mapping[str, object], *, prompt: object, negative: object, steps: str, cfg: str, sampler: str
) -> tuple[ImportedScene, list[Note]]:
    own = sampler_of(data.get(sampler))
    found, notes = scene(
        prompt=without_lora_tags(prompt) if isinstance(prompt, str) else "",
        negative=negative,
        seed=data.get("seed"),
        sampler=own,
        steps=data.get(steps),
        cfg_scale=data.get(cfg),
        width=data.get("width"),
        height=data.get("height"),
    )
    if data.get(sampler) and own is None:
        notes.append(note("imports.sampler_unknown", place="", name=str(data[sampler])))
    return found, notes


def _story(
    name: str,
    found: ImportedScene,
    notes: list[Note],
    *,
    loras: list[ImportedLora] | None = None,
    family: str | None = None,
) -> ImportedStory:
    kept = tuple(dict.fromkeys(loras or []))
    return ImportedStory(source=name, kind="picture", scenes=(found,), loras=kept, family=family, notes=tuple(notes))


def _object(text: str | None, name: str) -> Mapping[str, object]:
    """What a text says, where it is a JSON object."""
    if not text or not text.lstrip().startswith("{"):
        return {}
    try:
        data = read_json(text, name=name)
    except FixInput:
        return {}
    return data if isinstance(data, dict) else {}
