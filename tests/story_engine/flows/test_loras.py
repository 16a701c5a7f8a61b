"""The LoRA library from outside: what a person brings in, looks at, mends, renames, exports and removes."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.edit import Edit
from story_engine.domain.lora import LoraFacts, LoraRecord, Provenance
from story_engine.domain.story import LoraUse
from story_engine.errors import ChooseAnother, FixInput, InstallOrDownload
from story_engine.flows.services import Services
from story_engine.formats.lora_metadata import lora_metadata
from story_engine.lora_files.names import kohya_name
from story_engine.lora_files.read import LoraLayer, LoraWeights, read_lora
from story_engine.lora_files.write import write_lora
from tests.story_engine.inference.small_loras import ALPHA, RANK, random_halves, save_checkpoint, save_kohya
from tests.story_engine.inference.small_preview import small_workspace

_ONE = "blocks.7.transformer_blocks.0.attn1.to_q"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    small_workspace(folder)
    return folder


@pytest.fixture
def services(home: Path, tmp_path: Path) -> Services:
    workspace = tmp_path / "workspace"
    (workspace / "models").mkdir(parents=True)
    (workspace / "models" / "preview").symlink_to(home / "workspace" / "models" / "preview")
    return open_services(Config(workspace=workspace, stories=tmp_path / "stories"))


def test_a_challenge_checkpoint_is_asked_for_its_alpha_and_then_carries_it(services: Services, tmp_path: Path) -> None:
    path = save_checkpoint(random_halves(), tmp_path / "epoch=0-step=500.ckpt")

    with pytest.raises(FixInput) as caught:
        flows.loras.add_file(services, path.name, path.read_bytes())
    name = flows.loras.add_file(services, path.name, path.read_bytes(), name="ink", alpha=ALPHA)

    assert (caught.value.code, caught.value.values["rank"]) == ("loras.alpha_needed", RANK)
    entry = services.lora_library.entry(name)
    assert entry.path.name == "adapter.safetensors" and entry.report is not None
    assert (entry.report.alpha, entry.report.alpha_source, entry.source_name) == (ALPHA, "tensors", path.name)
    assert read_lora(entry.path).alpha == ALPHA
    assert [each.name for each in services.lora_library.entries()] == ["ink"]
    assert not list(entry.path.parent.parent.glob(".incoming-*"))


def test_a_file_that_says_its_alpha_is_taken_in_to_the_bit(services: Services, tmp_path: Path) -> None:
    path = save_kohya(random_halves(), tmp_path / "Ink Style v2.safetensors")

    name = flows.loras.add_file(services, path.name, path, trigger="mystyle")

    entry = services.lora_library.entry(name)
    assert name == "ink-style-v2" and entry.trigger == "mystyle" and entry.family == "preview"
    assert entry.path.read_bytes() == path.read_bytes()
    assert flows.loras.inspect(services, name).state == "ok"


def test_alpha_beside_a_file_goes_into_it(services: Services, tmp_path: Path) -> None:
    path = save_checkpoint(random_halves(), tmp_path / "ink.ckpt")
    (tmp_path / "ink.json").write_text(json.dumps({"alpha": 3}))

    name = flows.loras.add_file(services, path.name, path)

    assert read_lora(services.lora_library.entry(name).path).alpha == 3


def test_another_alpha_than_the_files_own_is_refused(services: Services, tmp_path: Path) -> None:
    path = save_kohya(random_halves(), tmp_path / "ink.safetensors")

    with pytest.raises(FixInput, match=r"alpha 2, not 4"):
        flows.loras.add_file(services, path.name, path, alpha=4)
    with pytest.raises(FixInput) as caught:
        flows.loras.add_file(services, path.name, path, alpha=-1)

    assert caught.value.code == "loras.alpha_range"
    assert services.lora_library.entries() == ()


def test_harmful_and_useless_files_are_refused_with_their_reason(services: Services, tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'harm'}",)

    torch.save({_ONE + ".lora_A.default.weight": Payload()}, tmp_path / "pickle.ckpt")
    claimed = torch.zeros(1).as_strided((4, 10**9), (0, 0))
    torch.save({f"{_ONE}.lora_A.weight": claimed, f"{_ONE}.lora_B.weight": claimed.T}, tmp_path / "bomb.ckpt")
    (tmp_path / "header.safetensors").write_bytes((2**40).to_bytes(8, "little") + b"{}")
    wide = (torch.ones(4, 768), torch.ones(768, 4))
    save_kohya({_ONE: wide}, tmp_path / "sd15.safetensors")
    whole = save_kohya(random_halves(), tmp_path / "whole.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    save_file({"conv_in.weight": torch.zeros(4, 4)}, tmp_path / "unet.safetensors")
    expected = {
        "pickle.ckpt": "models.lora_not_plain",
        "bomb.ckpt": "loras.other_base",
        "header.safetensors": "models.lora_unreadable",
        "sd15.safetensors": "loras.other_base",
        "cut.safetensors": "loras.file_cut",
        "unet.safetensors": "models.lora_no_layers",
    }

    refused: dict[str, str] = {}
    for file in expected:
        with pytest.raises(FixInput) as caught:
            flows.loras.add_file(services, file, (tmp_path / file).read_bytes(), alpha=1)
        refused[file] = caught.value.code
        assert file in str(caught.value)

    assert refused == expected
    assert not (tmp_path / "harm").exists()
    assert services.lora_library.entries() == ()


def test_half_a_file_is_taken_in_mended_and_given_back(services: Services, tmp_path: Path) -> None:
    halves = random_halves()
    whole = load_file(save_kohya(halves, tmp_path / "whole.safetensors"))
    broken = {name: tensor for name, tensor in whole.items() if name != f"{kohya_name(_ONE)}.lora_up.weight"}
    save_file(broken | {"lora_te_text_model.lora_down.weight": torch.ones(4, 4)}, tmp_path / "half.safetensors")
    name = flows.loras.add_file(services, "half.safetensors", tmp_path / "half.safetensors")
    before = services.lora_library.entry(name).path.read_bytes()

    done = flows.loras.repair(services, name, "drop_broken")
    flows.loras.repair(services, name, "drop_foreign")

    assert done.before.state == "bad" and "drop_broken" in done.before.repairs
    assert "loras.doctor_half" in {finding.code for finding in done.before.findings}
    assert done.after.foreign == 1 and flows.loras.inspect(services, name).foreign == 0
    weights = read_lora(services.lora_library.entry(name).path)
    assert set(weights.layers) == set(halves) - {_ONE}
    assert all(torch.equal(weights.layers[module].up, halves[module][1]) for module in weights.layers)
    undone = [services.lora_library.undo(name), services.lora_library.undo(name), services.lora_library.undo(name)]
    assert [step.what if step else None for step in undone] == ["drop_foreign", "drop_broken", None]
    assert services.lora_library.entry(name).path.read_bytes() == before


def test_a_loose_file_is_an_entry_and_becomes_a_folder_when_something_is_kept_for_it(services: Services) -> None:
    folder = services.config.workspace / "loras"
    folder.mkdir()
    save_checkpoint(random_halves(), folder / "ink.ckpt")
    (folder / "ink.json").write_text('{"alpha": 2}')
    digest = services.loras.sha256("ink")
    (folder / "ink.json").write_text('{"alpha": 4}')
    other = services.loras.sha256("ink")

    loose = services.lora_library.entry("ink")
    flows.loras.set_trigger(services, "ink", " mystyle ")
    kept = services.lora_library.entry("ink")

    assert digest != other
    assert loose.source == "loose" and kept.trigger == "mystyle"
    assert services.loras.sha256("ink") == other
    assert read_lora(services.loras.path("ink")).alpha == 4
    flows.loras.repair(services, "ink", "convert")
    assert services.lora_library.entry("ink").path.name == "adapter.safetensors"
    assert flows.loras.inspect(services, "ink").alpha_source == "tensors"
    services.lora_library.undo("ink")
    assert services.lora_library.entry("ink").path.name == "adapter.ckpt" and services.loras.sha256("ink") == other


def test_a_checkpoint_of_a_training_is_used_by_its_name_and_taken_into_the_library(services: Services) -> None:
    layers = {module: LoraLayer(*both) for module, both in random_halves().items()}
    weights = LoraWeights(layers=layers, rank=RANK, alpha=4.0, tensors=2 * len(layers))
    facts = LoraFacts(title="Ink", trigger="mystyle", family="preview", provenance=Provenance(run="ink-1", step=20))
    run = services.config.workspace / "runs" / "ink-1"
    (run / "checkpoints").mkdir(parents=True)
    (run / "spec.json").write_text("{}")
    write_lora(run / "checkpoints" / "000020.safetensors", weights, metadata=lora_metadata(facts))

    name = flows.loras.add_checkpoint(services, "ink-1", 20, strength=0.8)

    entry = services.lora_library.entry(name)
    assert (entry.title, entry.trigger, entry.strength, entry.source) == ("Ink", "mystyle", 0.8, "training")
    assert entry.provenance.run == "ink-1" and services.lora_library.entry("ink-1@20").source == "training"
    assert services.loras.has("ink-1@20") and services.loras.names() == ("ink",)
    assert services.loras.sha256("ink-1@20") == services.loras.sha256("ink")
    for wrong in ("ink-1@21", "../ink-1@20", "ink-1@", "nobody@20"):
        assert not services.loras.has(wrong)
    with pytest.raises(ChooseAnother, match="20"):
        flows.loras.add_checkpoint(services, "ink-1", 21)
    with pytest.raises(ChooseAnother):
        services.lora_library.delete("ink-1@20")


def test_a_new_name_reaches_the_stories_that_wear_it(services: Services, tmp_path: Path) -> None:
    path = save_kohya(random_halves(), tmp_path / "ink.safetensors")
    flows.loras.add_file(services, path.name, path)
    slug = flows.shelf.create(services, "A story")
    scene = services.stories.load(slug).scenes[1]
    services.stories.edit(slug, [Edit(scene=None, field="loras", value=(LoraUse(name="ink", strength=0.7),), seen=())])
    services.stories.edit(
        slug, [Edit(scene=scene.id, field="loras", value=(LoraUse(name="ink", strength=0.2),), seen=None)]
    )

    changed = flows.loras.rename(services, "ink", "brush")

    story = services.stories.load(slug)
    assert (
        changed == (slug,)
        and flows.loras.used_by(services, "brush") == (slug,)
        and flows.loras.used_by(services, "ink") == ()
    )
    assert story.loras == (LoraUse(name="brush", strength=0.7),)
    assert story.scenes[1].loras == (LoraUse(name="brush", strength=0.2),)


def test_a_recipe_finds_its_lora_under_the_new_name(services: Services, tmp_path: Path) -> None:
    path = save_kohya(random_halves(), tmp_path / "ink.safetensors")
    flows.loras.add_file(services, path.name, path)
    digest = services.loras.sha256("ink")

    flows.loras.rename(services, "ink", "brush")
    other = save_kohya(random_halves(seed=4), tmp_path / "other.safetensors")
    flows.loras.add_file(services, "ink.safetensors", other)

    assert services.loras.path_of_content("ink", digest) == services.lora_library.entry("brush").path
    with pytest.raises(InstallOrDownload):
        services.loras.path_of_content("ink", "0" * 64)
    with pytest.raises(ChooseAnother):
        services.loras.path_of_content("nobody", "0" * 64)


def test_an_alpha_that_somebody_wrote_into_lora_json_stays_there(services: Services) -> None:
    folder = services.config.workspace / "loras" / "ink"
    folder.mkdir(parents=True)
    save_checkpoint(random_halves(), folder / "adapter.ckpt").rename(folder / "adapter.safetensors")
    (folder / "lora.json").write_text('{"alpha": 3, "mine": "a note"}')
    digest = services.loras.sha256("ink")

    flows.loras.set_trigger(services, "ink", "mystyle")

    assert read_lora(services.lora_library.entry("ink").path).alpha == 3 and services.loras.sha256("ink") == digest
    assert json.loads((folder / "lora.json").read_text())["mine"] == "a note"
    assert services.lora_library.entry("ink").trigger == "mystyle"


@pytest.mark.parametrize(
    "name", ["a" * 300 + ".safetensors", "..", "a\0b:c?.safetensors", "C:\\Users\\me\\墨.safetensors", ""]
)
def test_uploads_of_any_name_are_taken_in(services: Services, tmp_path: Path, name: str) -> None:
    content = save_kohya(random_halves(), tmp_path / "ink.safetensors").read_bytes()

    added = flows.loras.add_file(services, name, content)

    assert services.lora_library.entry(added).path.read_bytes() == content
    assert not (services.lora_library.entry(added).path.parent / "given").exists()


@pytest.mark.parametrize("is_loose", [True, False])
def test_what_is_removed_comes_back(services: Services, tmp_path: Path, is_loose: bool) -> None:
    folder = services.config.workspace / "loras"
    folder.mkdir()
    path = save_kohya(random_halves(), (folder if is_loose else tmp_path) / "ink.safetensors")
    if not is_loose:
        library = services.lora_library
        made = library.new_folder()
        shutil.copy(path, made / "adapter.safetensors")
        library.put(made, "ink", LoraRecord())
    digest = services.loras.sha256("ink")

    token = services.lora_library.delete("ink")

    assert services.lora_library.entries() == ()
    assert services.lora_library.restore(token) == "ink"
    assert services.loras.sha256("ink") == digest
    with pytest.raises(ChooseAnother):
        services.lora_library.restore(token)


@pytest.mark.parametrize("dialect", ["kohya", "diffusers", "challenge"])
def test_an_entry_is_written_for_other_tools_with_what_is_known_of_it(
    services: Services, tmp_path: Path, dialect: str
) -> None:
    path = save_kohya(random_halves(), tmp_path / "ink.safetensors")
    flows.loras.add_file(services, path.name, path, trigger="mystyle")

    written = flows.loras.convert(services, "ink", dialect)

    assert f"rank{RANK}-alpha{ALPHA:g}" in written.name
    read = read_lora(written)
    assert read.alpha == ALPHA and torch.equal(read.layers[_ONE].down, random_halves()[_ONE][0])
    if dialect != "challenge":
        assert flows.loras.inspect_file(services, written).facts.trigger == "mystyle"


def test_names_that_cannot_be_are_refused_before_anything_is_read(services: Services, tmp_path: Path) -> None:
    path = save_kohya(random_halves(), tmp_path / "ink.safetensors")
    flows.loras.add_file(services, path.name, path)

    codes = []
    for name in ("ink", "INK", "a@20", "../up", ""):
        with pytest.raises(FixInput) as caught:
            flows.loras.add_file(services, path.name, path, name=name)
        codes.append(caught.value.code)

    assert codes == [
        "loras.name_taken",
        "loras.name_taken",
        "loras.name_at",
        "story.name_character",
        "story.name_empty",
    ]


def test_strengths_and_repairs_that_do_not_exist_are_refused(services: Services, tmp_path: Path) -> None:
    path = save_kohya(random_halves(), tmp_path / "ink.safetensors")
    flows.loras.add_file(services, path.name, path)

    flows.loras.set_strength(services, "ink", 0.6)

    assert services.lora_library.entry("ink").strength == 0.6
    for wrong in (float("nan"), 9.0):
        with pytest.raises(FixInput, match="outside"):
            flows.loras.set_strength(services, "ink", wrong)
    with pytest.raises(FixInput, match="no repair"):
        flows.loras.repair(services, "ink", "bless")
    with pytest.raises(FixInput, match="cannot be written"):
        flows.loras.convert(services, "ink", "origami")
    with pytest.raises(FixInput, match="no file"):
        flows.loras.add_file(services, "gone", tmp_path / "gone")
