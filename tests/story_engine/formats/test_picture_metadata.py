"""Pictures as other tools write them; each is made here with the keys and encodings that its tool uses."""

import io
import json
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from benchmarks.storm_story_files import editor_graph, graph
from story_engine.errors import FixInput
from story_engine.formats.picture_metadata import read_picture_metadata

INFOTEXT = (
    "一只橘色的小猫\nNegative prompt: 丑陋\n"
    "Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 4.5, Seed: 42, Size: 1024x768"
)
MAKE, MODEL, EXIF, USER_COMMENT = 0x010F, 0x0110, 0x8769, 0x9286


def png(*, latin: bool = False, **texts: str) -> bytes:
    packed, info = io.BytesIO(), PngInfo()
    for key, text in texts.items():
        if latin:
            info.add(b"tEXt", key.encode() + b"\0" + text.encode())  # raw UTF-8 where Latin-1 belongs
        else:
            info.add_itxt(key, text)
    Image.new("RGB", (64, 64)).save(packed, "PNG", pnginfo=info)
    return packed.getvalue()


def with_comment(kind: str, comment: bytes, **tags: str) -> bytes:
    exif, packed = Image.Exif(), io.BytesIO()
    if comment:
        exif.get_ifd(EXIF)[USER_COMMENT] = comment
    for tag, text in tags.items():
        exif[int(tag[1:])] = text
    Image.new("RGB", (64, 64)).save(packed, kind, exif=exif)
    return packed.getvalue()


def read(content: bytes):
    return read_picture_metadata(content, name="a.png")


def test_a_picture_of_every_tool_says_the_same():
    settings = {"seed": 42, "steps": 20, "width": 1024, "height": 768}
    prompt = {"prompt": "一只橘色的小猫", "negative": "丑陋"}
    swarm = {"sui_image_params": {**settings, "prompt": prompt["prompt"], "negativeprompt": "丑陋", "cfgscale": 4.5}}
    invoke = {
        **settings,
        "positive_prompt": prompt["prompt"],
        "negative_prompt": "丑陋",
        "cfg_scale": 4.5,
        "scheduler": "dpmpp_2m_k",
        "loras": [{"model": {"name": "ink"}, "weight": 0.8}],
    }
    novel = {**settings, "prompt": prompt["prompt"], "uc": "丑陋", "scale": 4.5, "sampler": "k_euler"}
    pictures = {
        "A1111 PNG": png(parameters=INFOTEXT),
        "A1111 JPEG": with_comment("JPEG", b"UNICODE\0" + INFOTEXT.encode("utf-16-be")),
        "Forge WebP": with_comment("WEBP", b"UNICODE\0" + INFOTEXT.encode("utf-16-be")),
        "UTF-16 the other way": with_comment("JPEG", b"UNICODE\0" + INFOTEXT.encode("utf-16-le")),
        "UTF-8 without a code": with_comment("JPEG", b"\0" * 8 + INFOTEXT.encode()),
        "SwarmUI PNG": png(parameters=json.dumps(swarm)),
        "SwarmUI JPEG": with_comment("JPEG", b"UNICODE\0" + json.dumps(swarm).encode("utf-16-be")),
        "InvokeAI": png(invokeai_metadata=json.dumps(invoke)),
        "NovelAI": png(Comment=json.dumps(novel), Software="NovelAI"),
    }

    for name, picture in pictures.items():
        (scene,) = read(picture).scenes
        assert (scene.prompt, scene.negative, scene.seed) == ("一只橘色的小猫", "丑陋", 42), name
        given = scene.settings.given()
        assert (given["steps"], given["cfg_scale"], given["width"], given["height"]) == (20, 4.5, 1024, 768), name
    assert read(pictures["InvokeAI"]).loras[0].as_trained == 0.8
    assert read(pictures["A1111 PNG"]).scenes[0].settings.sampler == "dpmpp_2m_karras"


def test_comfyui_pictures_hold_the_graph_also_where_chinese_was_written_wrongly():
    api, editor = json.dumps(graph(), ensure_ascii=False), json.dumps(editor_graph(), ensure_ascii=False)
    pictures = {
        "escaped": png(prompt=json.dumps(graph())),
        "raw UTF-8 in tEXt": png(latin=True, prompt=api),
        "only the editor's graph": png(latin=True, workflow=editor),
        "WebP": with_comment("WEBP", b"", **{f"t{MODEL}": f"prompt:{json.dumps(graph())}"}),
    }

    for name, picture in pictures.items():
        story = read(picture)
        assert "一只橘色的小猫" in story.scenes[0].prompt and story.scenes[0].seed == 42, name
        assert story.family == "kolors", name


def test_a_picture_without_settings_or_of_another_kind_is_refused_by_name():
    gif = io.BytesIO()
    Image.new("L", (8, 8)).save(gif, "GIF")
    for content in (
        png(),
        png(Title="holiday"),
        gif.getvalue(),
        b"\x89PNG\r\n\x1a\nnothing",
        b"",
        png(parameters="{}"),
    ):
        with pytest.raises(FixInput, match=r"a\.png"):
            read(content)


def test_a_picture_that_unpacks_to_far_more_is_refused():
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    start = b"\x89PNG\r\n\x1a\n"
    wide = start + chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0))
    header = start + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    text = chunk(b"zTXt", b"parameters\0\0" + zlib.compress(b"a" * 200_000_000))

    for content in (wide + chunk(b"IDAT", b""), header + text + chunk(b"IDAT", zlib.compress(bytes(200)))):
        with pytest.raises(FixInput):
            read(content)
