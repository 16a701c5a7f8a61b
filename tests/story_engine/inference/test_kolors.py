"""Kolors from its published files: the code that loads 17 GB, on a folder of the same layout with small widths."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diffsynth.models.sdxl_unet import SDXLUNet
from diffsynth.models.sdxl_vae_decoder import SDXLVAEDecoder
from diffsynth.models.sdxl_vae_encoder import SDXLVAEEncoder
from safetensors.torch import load_file, save_file
from torch import nn

from story_engine.catalog.families import families
from story_engine.catalog.published import package_state
from story_engine.catalog.settle import add_folder
from story_engine.domain.recipe import Recipe
from story_engine.errors import InstallOrDownload
from story_engine.inference.fit_widths import fit_widths
from story_engine.inference.progress import RenderProgress
from story_engine.inference.render import Renderer
from story_engine.kolors.family import KOLORS
from story_engine.kolors.networks import (
    load_text_encoder,
    load_unet,
    load_vae_decoder,
    load_vae_encoder,
)
from story_engine.store.layout import Layout
from tests.story_engine.inference.small_kolors import publish_small_kolors, stock_pipeline


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    folder = tmp_path_factory.mktemp("studio")
    return Layout(folder / "workspace", folder / "stories")


@pytest.fixture(scope="module")
def published(layout: Layout) -> dict[str, nn.Module]:
    return publish_small_kolors(layout)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Layout, dict[str, nn.Module]]:
    """What was published, and nobody changes: to copy from."""
    folder = tmp_path_factory.mktemp("pristine")
    layout = Layout(folder / "workspace", folder / "stories")
    return layout, publish_small_kolors(layout)


@pytest.fixture
def own(pristine: tuple[Layout, dict[str, nn.Module]], tmp_path: Path) -> Layout:
    """A published folder that a test may damage."""
    layout = Layout(tmp_path / "workspace", tmp_path / "stories")
    shutil.copytree(pristine[0].models, layout.models)
    return layout


def test_every_published_tensor_finds_its_place(layout: Layout, published: dict[str, nn.Module]) -> None:
    folder = layout.models / KOLORS.home

    unet = load_unet(folder, device="cpu", dtype=torch.float32)
    decoder = load_vae_decoder(folder, device="cpu")

    assert type(unet) is SDXLUNet and type(decoder) is SDXLVAEDecoder
    for name, loaded in (("unet", unet), ("vae_decoder", decoder)):
        for key, tensor in published[name].state_dict().items():
            assert torch.equal(loaded.state_dict()[key], tensor)


def test_the_vae_stays_float32_whatever_the_unet_is(layout: Layout, published: dict[str, nn.Module]) -> None:
    folder = layout.models / KOLORS.home

    assert next(load_unet(folder, device="cpu", dtype=torch.float16).parameters()).dtype == torch.float16
    assert next(load_vae_decoder(folder, device="cpu").parameters()).dtype == torch.float32
    encoder = load_vae_encoder(folder, device="cpu")
    assert isinstance(encoder, SDXLVAEEncoder)
    assert encoder(torch.zeros(1, 3, 64, 64)).shape == (1, 4, 8, 8)


def test_widths_that_are_kolors_own_stay_as_they_are() -> None:
    with torch.device("meta"):
        unet, expected = SDXLUNet(is_kolors=True), SDXLUNet(is_kolors=True)

    fit_widths(unet, dict(expected.state_dict()))

    assert str(unet) == str(expected)
    heads = [module.num_heads for module in unet.modules() if hasattr(module, "num_heads")]
    assert heads == [module.num_heads for module in expected.modules() if hasattr(module, "num_heads")]
    assert unet.time_proj.num_channels == 320 and unet.add_time_proj.num_channels == 256


def test_kolors_paints_what_the_stock_pipeline_paints(layout: Layout, published: dict[str, nn.Module]) -> None:
    wanted = _recipe(layout)

    ours = Renderer(layout, threads=1).render([wanted])[0]

    stock = stock_pipeline(layout)(
        prompt=wanted.prompt,
        negative_prompt=wanted.negative,
        cfg_scale=wanted.cfg_scale,
        num_inference_steps=wanted.steps,
        height=wanted.height,
        width=wanted.width,
        seed=wanted.seed,
        progress_bar_cmd=iter,
    )
    assert np.abs(np.asarray(ours, dtype=int) - np.asarray(stock, dtype=int)).max() <= 1
    assert np.asarray(ours).std() > 2


def test_prompts_that_were_encoded_before_need_no_text_encoder(
    layout: Layout, published: dict[str, nn.Module], tmp_path: Path
) -> None:
    wanted = _recipe(layout, prompt="一只狐狸", steps=1)
    first = Renderer(layout, threads=1).render([wanted])[0]
    shard = layout.models / KOLORS.home / "text_encoder" / "pytorch_model-00001-of-00002.bin"
    hidden = tmp_path / shard.name

    # The file keeps size and time, so the weights keep their name, but nothing can be loaded from it.
    content, times = shard.read_bytes(), (shard.stat().st_atime_ns, shard.stat().st_mtime_ns)
    hidden.write_bytes(content)
    broken = b"PK" + bytes(len(content) - 200) + content[-198:]
    shard.write_bytes(broken)
    import os

    os.utime(shard, ns=times)
    try:
        again = Renderer(layout, threads=1).render([wanted])[0]
    finally:
        shard.write_bytes(content)
        os.utime(shard, ns=times)

    assert again.tobytes() == first.tobytes()


def test_the_text_encoder_is_used_once_for_all_panels(layout: Layout, published: dict[str, nn.Module]) -> None:
    told: list[RenderProgress] = []
    recipes = [_recipe(layout, prompt=f"分镜 {number}", steps=1, width=256 + 64 * number) for number in range(3)]

    Renderer(layout, threads=1).render(recipes, on_step=told.append)

    stages = [progress.stage for progress in told]
    assert stages.count("encoding") == 1
    assert stages.index("encoding") < stages.index("denoising")


@pytest.mark.parametrize(
    "name",
    [
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/pytorch_model-00002-of-00002.bin",
        "text_encoder/config.json",
    ],
)
@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_files_that_are_not_whole_are_named_before_anything_is_loaded(own: Layout, name: str, damage: str) -> None:
    layout = own
    path = layout.models / KOLORS.home / name
    content = path.read_bytes()
    path.unlink() if damage == "missing" else path.write_bytes(content[: len(content) // 2])

    with pytest.raises(InstallOrDownload) as caught:
        Renderer(layout, threads=1).render([_recipe(layout)])

    assert caught.value.code == "models.files_missing"
    assert path.name in str(caught.value) and "Kwai-Kolors/Kolors" in str(caught.value)
    states = {file.path: file.state for file in package_state(layout, "kolors").files}
    assert states[f"{KOLORS.home}/{name}"] in {damage, "damaged"}
    assert not package_state(layout, "kolors").ready


def test_another_network_in_the_place_of_the_unet_is_refused(own: Layout) -> None:
    layout = own
    folder = layout.models / KOLORS.home
    vae = (folder / "vae" / "diffusion_pytorch_model.safetensors").read_bytes()
    (folder / "unet" / "diffusion_pytorch_model.fp16.safetensors").write_bytes(vae)

    with pytest.raises(InstallOrDownload) as caught:
        load_unet(folder, device="cpu", dtype=torch.float32)

    assert caught.value.code == "models.weights_damaged"


def test_the_weights_hash_follows_the_contents_and_is_worked_out_once(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "workspace", tmp_path / "stories")
    assert families(layout)["kolors"].weights_hash == ""
    publish_small_kolors(layout)

    first = families(layout)["kolors"].weights_hash

    memory = layout.weight_hashes
    written = memory.stat().st_mtime_ns
    assert len(first) == 64 and families(layout)["kolors"].weights_hash == first
    assert memory.stat().st_mtime_ns == written
    path = layout.models / KOLORS.home / "unet" / "diffusion_pytorch_model.fp16.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert families(layout)["kolors"].weights_hash not in ("", first)


def test_the_weights_keep_the_name_that_earlier_versions_gave_them(own: Layout) -> None:
    layout = own
    folder = layout.models / KOLORS.home
    names = (
        "text_encoder/config.json",
        "text_encoder/pytorch_model.bin.index.json",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/pytorch_model-00001-of-00002.bin",
        "text_encoder/pytorch_model-00002-of-00002.bin",
    )
    hashes = [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names]

    assert families(layout)["kolors"].weights_hash == hashlib.sha256("".join(hashes).encode()).hexdigest()


def test_what_lies_beside_the_published_files_is_neither_hashed_nor_loaded(
    own: Layout, pristine: tuple[Layout, dict[str, nn.Module]]
) -> None:
    layout, networks = own, pristine[1]
    wanted = _recipe(layout, steps=1)
    painted = Renderer(layout, threads=1).render([wanted])[0]
    folder = layout.models / KOLORS.home
    other = {name: tensor + 1 for name, tensor in networks["text_encoder"].state_dict().items()}
    save_file(other, folder / "text_encoder" / "model.safetensors", metadata={"format": "pt"})
    torch.save(other, folder / "text_encoder" / "pytorch_model.bin")
    (folder / "text_encoder" / "adapter_config.json").write_text('{"base_model_name_or_path": "/nowhere"}')
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"not whole")
    shutil.rmtree(layout.embeddings)

    assert _recipe(layout, steps=1) == wanted
    assert Renderer(layout, threads=1).render([wanted])[0].tobytes() == painted.tobytes()


def test_encoded_prompts_belong_to_the_text_encoder_alone(own: Layout) -> None:
    layout = own
    Renderer(layout, threads=1).render([_recipe(layout, steps=1)])
    kept = set(layout.embeddings.rglob("*.safetensors"))
    unet = layout.models / KOLORS.home / "unet" / "diffusion_pytorch_model.fp16.safetensors"
    save_file(load_file(unet), unet, metadata={"another": "file"})

    Renderer(layout, threads=1).render([_recipe(layout, steps=1)])
    assert set(layout.embeddings.rglob("*.safetensors")) == kept

    config = layout.models / KOLORS.home / "text_encoder" / "config.json"
    config.write_text(config.read_text().replace("{", '{"another": 1, ', 1))
    Renderer(layout, threads=1).render([_recipe(layout, steps=1)])
    assert len(set(layout.embeddings.rglob("*.safetensors"))) == 2 * len(kept)


@pytest.mark.parametrize("index", ["model.safetensors.index.json", "model.safetensors.index.fp16.json"])
def test_kolors_diffusers_and_chatglm_in_sharded_safetensors_paint_the_same_picture(
    own: Layout, pristine: tuple[Layout, dict[str, nn.Module]], index: str
) -> None:
    layout, networks = own, pristine[1]
    painted = Renderer(layout, threads=1).render([_recipe(layout, steps=1)])[0]
    folder = layout.models / "Kwai-Kolors" / "Kolors-diffusers"
    folder.parent.mkdir()
    (layout.models / KOLORS.home).rename(folder)
    for path in (folder / "text_encoder").glob("pytorch_model*"):
        path.unlink()
    prefix = "transformer." if "fp16" in index else ""  # as ChatGLM's own files have it
    tensors = networks["text_encoder"].state_dict().items()
    read = {prefix + name: tensor for name, tensor in tensors if not name.startswith("output_layer.")}
    _save_sharded(read, folder / "text_encoder", "model", index)
    unet = folder / "unet" / "diffusion_pytorch_model.fp16.safetensors"
    _save_sharded(
        load_file(unet), unet.parent, unet.stem.split(".")[0], "diffusion_pytorch_model.safetensors.index.json"
    )
    unet.unlink()

    assert package_state(layout, "kolors").ready
    assert Renderer(layout, threads=1).render([_recipe(layout, steps=1)])[0].tobytes() == painted.tobytes()
    next((folder / "unet").glob("*-00002-of-*")).unlink()
    assert not package_state(layout, "kolors").ready


def test_chatglm_in_a_folder_of_its_own_is_the_text_encoder_of_a_unet_that_lies_elsewhere(
    own: Layout, pristine: tuple[Layout, dict[str, nn.Module]], tmp_path: Path
) -> None:
    """As the organisers' ComfyUI has it: its own names, shards and index, at the top of its own folder."""
    layout, home, alone = own, own.models / KOLORS.home, tmp_path / "chatglm3-6b-base"
    shutil.move(home / "text_encoder", alone)
    for shard in alone.glob("*.bin"):
        torch.save({f"transformer.{name}": tensor for name, tensor in torch.load(shard).items()}, shard)
    index = json.loads((alone / "pytorch_model.bin.index.json").read_text())
    index["weight_map"] = {f"transformer.{name}": shard for name, shard in index["weight_map"].items()}
    (alone / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    assert not package_state(layout, "kolors").ready

    add_folder(layout, tmp_path)

    folder = KOLORS.folder(layout)
    encoder = load_text_encoder(folder, device="cpu", dtype=torch.float32)
    expected = pristine[1]["text_encoder"].state_dict()
    loaded = encoder.state_dict()
    assert package_state(layout, "kolors").ready and folder == KOLORS.joined(layout)
    assert all(torch.equal(loaded[name], expected[name]) for name in loaded)
    assert load_unet(folder, device="cpu", dtype=torch.float32) is not None


def test_device_noise_in_half_precision_is_the_stock_pipelines_picture_to_the_bit(
    layout: Layout, published: dict[str, nn.Module]
) -> None:
    fields: dict[str, object] = {"noise": "device:cpu", "precision": "float16", "steps": 3}
    scales = (7.3, 7.3, 4.0, 1.0)  # two that are painted together, and two that are not
    wanted = [_recipe(layout, seed=seed, cfg_scale=scale, **fields) for seed, scale in enumerate(scales)]

    ours = Renderer(layout, threads=1).render(wanted)

    pipeline = stock_pipeline(layout, torch.float16)
    for recipe, picture in zip(wanted, ours, strict=True):
        stock = pipeline(
            prompt=recipe.prompt,
            negative_prompt=recipe.negative,
            cfg_scale=recipe.cfg_scale,
            num_inference_steps=recipe.steps,
            height=recipe.height,
            width=recipe.width,
            seed=recipe.seed,
            progress_bar_cmd=iter,
        )
        assert np.array_equal(np.asarray(picture), np.asarray(stock))


def _save_sharded(tensors: dict[str, torch.Tensor], folder: Path, stem: str, index: str) -> None:
    names = sorted(tensors)
    half = len(names) // 2
    placed: dict[str, str] = {}
    for number, some in enumerate((names[:half], names[half:]), start=1):
        shard = f"{stem}-{number:05}-of-00002.safetensors"
        kept = {name: tensors[name].contiguous().clone() for name in some}
        save_file(kept, folder / shard, metadata={"format": "pt"})
        placed |= dict.fromkeys(some, shard)
    (folder / index).write_text(json.dumps({"metadata": {}, "weight_map": placed}))


def _recipe(layout: Layout, **changes: object) -> Recipe:
    fields: dict[str, object] = {
        "prompt": "二次元，一个紫色短发小女孩，在家中沙发上坐着",
        "negative": "丑陋、变形、嘈杂、模糊、低对比度",
        "seed": 0,
        "sampler": "ddim",
        "steps": 3,
        "cfg_scale": 4.0,
        "width": 256,
        "height": 256,
        "noise": "cpu",
        "family": "kolors",
        "weights_hash": families(layout)["kolors"].weights_hash,
        "precision": "float32",
    }
    return Recipe.model_validate(fields | changes)
