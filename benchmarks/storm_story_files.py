"""Files that a story can be made of, whole and damaged, for the storm."""

from __future__ import annotations

import copy
import io
import json
import random
import zipfile
from collections.abc import Callable, Mapping, Sequence

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from benchmarks.storm_inputs import damaged
from story_engine.config import PROJECT_FOLDER

_CHALLENGE = PROJECT_FOLDER / "tests" / "challenge"
_USER_COMMENT, _EXIF, _MODEL = 0x9286, 0x8769, 0x0110
_ODD_VALUES: Sequence[object] = (
    *(
        None,
        True,
        -1,
        10**400,
        0.5,
        float("nan"),
        float("inf"),
        "",
        "x" * 50_000,
        "\ud800",
        "\0",
        "<script>alert(1)</script>",
    ),
    *([], {}, [[]], {"": None}, ["1", 0], ["1", -1], ["no such node", 0], {"class_type": "KSampler"}, "‮abc", "{a|b}"),
)
_ODD_LINES = (
    "prompts = ['x' * 10**9]",
    "x = 'a'\nfor i in range(10**9):\n    x = x + x\n",
    "a = [0]\nfor i in range(64):\n    a = a + a",
    "pipe(prompt=f'{x:>1000000000}')",
    "def f(n):\n    return f(n) + f(n)\nf(1)",
    "pipe(prompt=" + "(" * 150 + "1" + ")" * 150 + ")",
    "x = " + "-" * 5000 + "1",
    "x = " + "+".join("1" * 3000),
    "torch.manual_seed(10**400)",
    "pipe(prompt='{}'.format(*[1] * 10**8), seed=float('nan'))",
    "x = '%1000000000s' % 'a'",
    "d = {}\nd['a'] = d\npipe(prompt=d, **d)",
    "l = []\nl.append(l)\npipe(prompt=l)",
    "while True: pass",
    "image.save(image.save('1.jpg'))",
    "__import__('os').system('false')",
    "pipe(prompt='a', height='b', width=[], cfg_scale={}, num_inference_steps=-5, negative_prompt=7)",
)


class Kind:
    """One kind of file, with whole ones and a way of damaging them."""

    def __init__(
        self, name: str, file: str, whole: Sequence[bytes], harm: Callable[[bytes, random.Random], bytes] = damaged
    ) -> None:
        self.name, self.file, self.whole, self._harm = name, file, whole, harm

    def case(self, choice: random.Random) -> bytes:
        """A damaged file."""
        return self._harm(choice.choice(self.whole), choice)


def kinds() -> tuple[Kind, ...]:
    """Every kind of file that a story can be made of."""
    notebook = (_CHALLENGE / "baseline.ipynb").read_bytes()
    articles = [(_CHALLENGE / name).read_bytes() for name in ("singer_article.txt", "orange_cat_article.txt")]
    program = _program(notebook)
    table = "| 编号 | 标题 | 提示词 | 反向提示词 | 种子 | 尺寸 |\n|---|---|---|---|---|---|\n" + "".join(
        f"| 图片{n} | 第{n}幕 | 一只橘色的小猫，{n} | 丑陋 | {n} | 1024x768 |\n" for n in range(1, 9)
    )
    page = "<table><tr><th>prompt<th>seed</tr>" + "<tr><td>a <b>cat</b><br>sits<td>7</tr>" * 8 + "</table>"
    separated = "prompt,negative prompt,seed\n" + '"a cat, sitting",blurry,3\n' * 8
    rows = json.dumps([{"prompt": "a cat", "seed": 3, "steps": 20, "size": "512x512"}] * 8).encode()
    lines = (
        '--prompt "a cat" --negative_prompt "blurry" --seed 5 --steps 30 --cfg_scale 4\na dog --n blurry --d 7\n' * 4
    )
    return (
        Kind("notebook", "a.ipynb", [notebook], _harm_notebook),
        Kind("program", "a.py", [program], _harm_program),
        Kind("article", "a.txt", articles),
        Kind("Markdown table", "a.md", [table.encode(), table.encode("gb18030")]),
        Kind("HTML table", "a.html", [page.encode()]),
        Kind("separated table", "a.csv", [separated.encode(), separated.replace(",", "\t").encode("utf-16")]),
        Kind("list of objects", "a.json", [rows], _harm_json),
        Kind("ComfyUI, API form", "a.json", [json.dumps(graph()).encode()], _harm_json),
        Kind("ComfyUI, editor's form", "a.json", [json.dumps(editor_graph()).encode()], _harm_json),
        Kind("prompt file", "a.txt", [lines.encode()]),
        Kind("generation data", "a.txt", [_INFOTEXT.encode()]),
        Kind("PNG", "a.png", _pngs()),
        Kind("JPEG", "a.jpg", [_with_exif("JPEG", code, order) for code, order in _COMMENTS]),
        Kind("WebP", "a.webp", [_with_exif("WEBP", code, order) for code, order in _COMMENTS]),
        Kind("texts of a PNG", "a.png", [b"{}"], _harm_texts),
        Kind("bundle", "a.zip", [_bundle(), _pictures_in_zip()]),
    )


_INFOTEXT = (
    "a cat, <lora:ink:0.8>\nsitting\nNegative prompt: blurry, (hands:1.2)\n"
    "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 4.5, Seed: 42, Size: 1024x768, "
    'Lora hashes: "ink: 1a2b"'
)
_COMMENTS = ((b"UNICODE\0", "utf-16-be"), (b"UNICODE\0", "utf-16-le"), (b"ASCII\0\0\0", "ascii"))


def graph() -> dict[str, object]:
    """The first node pack's graph in the form of the API."""
    return {
        "1": {"class_type": "MZ_KolorsUNETLoaderV2", "inputs": {"unet_name": "kolors.safetensors"}},
        "2": {
            "class_type": "LoraLoaderModelOnly",
            "inputs": {"model": ["1", 0], "lora_name": "ink.safetensors", "strength_model": 0.8},
        },
        "4": {"class_type": "MZ_ChatGLM3_V2", "inputs": {"chatglm3_model": ["3", 0], "text": "一只橘色的小猫"}},
        "5": {"class_type": "MZ_ChatGLM3_V2", "inputs": {"chatglm3_model": ["3", 0], "text": "丑陋"}},
        "6": {"class_type": "EmptyLatentImage", "inputs": {"width": 1024, "height": 768, "batch_size": 1}},
        "7": {
            "class_type": "KSampler",
            "inputs": {
                **{"model": ["2", 0], "positive": ["4", 0], "negative": ["5", 0], "latent_image": ["6", 0]},
                **{"seed": 42, "steps": 25, "cfg": 4.5, "sampler_name": "euler", "scheduler": "ddim_uniform"},
                "denoise": 1.0,
            },
        },
    }


def editor_graph() -> dict[str, object]:
    """The second pack's graph with the challenge's LoRA node, as ComfyUI's editor keeps it."""

    def node(id_: int, kind: str, values: list[object], **inputs: int) -> dict[str, object]:
        linked = [{"name": name, "type": "*", "link": link} for name, link in inputs.items()]
        return {"id": id_, "type": kind, "mode": 0, "inputs": linked, "widgets_values": values}

    sampled: list[object] = [1024, 1024, 42, "fixed", 25, 5.0, "EulerDiscreteScheduler"]
    words: list[object] = ["二次元，一只橘色的小猫", "丑陋", 1]
    return {
        "version": 0.4,
        "nodes": [
            node(1, "DownloadAndLoadKolorsModel", ["Kwai-Kolors/Kolors", "fp16"]),
            node(2, "LoadKolorsLoRA", ["models/epoch=0-step=500.ckpt", 2.0], kolors_model=1),
            node(4, "KolorsTextEncode", words, chatglm3_model=2),
            node(5, "KolorsSampler", sampled, kolors_model=3, kolors_embeds=4),
        ],
        "links": [[1, 1, 0, 2, 0, "*"], [2, 3, 0, 4, 0, "*"], [3, 2, 0, 5, 0, "*"], [4, 4, 0, 5, 1, "*"]],
    }


def _program(notebook: bytes) -> bytes:
    cells = json.loads(notebook)["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code").encode()


def _harm_program(content: bytes, choice: random.Random) -> bytes:
    """Odd lines put in, or bytes changed."""
    if choice.random() < 0.4:
        return damaged(content, choice)
    lines = content.decode().split("\n")
    for _ in range(choice.randint(1, 3)):
        lines.insert(choice.randrange(len(lines)), choice.choice(_ODD_LINES))
    return "\n".join(lines).encode()


def _harm_notebook(content: bytes, choice: random.Random) -> bytes:
    if choice.random() < 0.5:
        return _harm_json(content, choice)
    data = json.loads(content)
    cell = choice.choice([cell for cell in data["cells"] if cell["cell_type"] == "code"])
    harmed = _harm_program("".join(cell["source"]).encode() or b"\n", choice)
    cell["source"] = harmed.decode("utf-8", "replace")
    cell["execution_count"] = choice.choice([None, 0, -1, 3, 10**30, "x"])
    return json.dumps(data).encode()


def _harm_json(content: bytes, choice: random.Random) -> bytes:
    """Values replaced by odd ones, keys lost or doubled, or bytes changed."""
    if choice.random() < 0.2:
        return damaged(content, choice)
    data = json.loads(content)
    for _ in range(choice.randint(1, 4)):
        _replace_one(data, choice)
    return json.dumps(data).encode()


def _replace_one(data: object, choice: random.Random) -> None:
    holder: dict[str, object] | list[object] | None = None
    key: str | int = 0
    while isinstance(data, dict | list) and data and (holder is None or choice.random() < 0.8):
        holder = data
        key = choice.choice(list(data)) if isinstance(data, dict) else choice.randrange(len(data))
        data = data[key]  # type: ignore[index, call-overload]
    if isinstance(holder, dict) and isinstance(key, str):
        if choice.random() < 0.2:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(choice.choice(_ODD_VALUES))
    elif isinstance(holder, list) and isinstance(key, int):
        holder[key] = copy.deepcopy(choice.choice(_ODD_VALUES))


def _harm_texts(_: bytes, choice: random.Random) -> bytes:
    """A whole PNG whose texts are odd."""
    swarm = {"sui_image_params": {"prompt": "a cat", "negativeprompt": "x", "seed": 1, "cfgscale": 4, "loras": ["a"]}}
    invoke = {"positive_prompt": "a cat", "negative_prompt": "", "seed": 1, "loras": [{"model": {"name": "a"}}]}
    own = {"recipe": {"prompt": "a cat", "negative": "", "seed": 3, "loras": [{"name": "a", "strength": 1}]}}
    by_key: Mapping[str, object] = {
        "parameters": swarm,
        "invokeai_metadata": invoke,
        "story_studio": own,
        "prompt": graph(),
        "workflow": editor_graph(),
        "Comment": {"prompt": "a cat", "uc": "x", "seed": 1, "steps": 28, "scale": 5},
    }
    key = choice.choice(list(by_key))
    text = _harm_json(json.dumps(by_key[key]).encode(), choice).decode("utf-8", "replace")
    return _png(**{key: text.replace("\0", "")})


def _png(**texts: str) -> bytes:
    packed, info = io.BytesIO(), PngInfo()
    for key, text in texts.items():
        info.add_itxt(key, text)
    Image.new("RGB", (32, 24)).save(packed, "PNG", pnginfo=info)
    return packed.getvalue()


def _pngs() -> list[bytes]:
    return [_png(parameters=_INFOTEXT), _png(prompt=json.dumps(graph())), _png(workflow=json.dumps(editor_graph()))]


def _with_exif(kind: str, code: bytes, order: str) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(_EXIF)[_USER_COMMENT] = code + _INFOTEXT.encode(order)
    exif[_MODEL] = "prompt:" + json.dumps(graph())
    packed = io.BytesIO()
    Image.new("RGB", (32, 24)).save(packed, kind, exif=exif)
    return packed.getvalue()


def _bundle() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("team/story.yaml", (PROJECT_FOLDER / "stories" / "singer.yaml").read_bytes())
        archive.writestr("team/images/01.png", _png(parameters=_INFOTEXT))
    return packed.getvalue()


def _pictures_in_zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, picture in enumerate(_pngs(), start=1):
            archive.writestr(f"{number}.png", picture)
        archive.writestr("prompts.csv", "prompt,seed\na cat,3\n")
    return packed.getvalue()
