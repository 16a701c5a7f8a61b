"""The bundle of a story that is ready, and everything that can keep it from being so."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import io
import json
import re
import shutil
import threading
import zipfile

import pytest
import torch
import yaml
from safetensors import safe_open
from safetensors.torch import load, save_file

from story_engine import flows
from story_engine.domain.edit import Edit
from story_engine.domain.story import LoraUse
from story_engine.errors import EditConflict, FixInput, NotReady, Wait
from story_engine.flows.bundle_check import CHECKLIST
from tests.story_engine.flows.submitted import (
    LORA,
    introduce,
    kolors_lora,
    paint,
    ready_services,
    ready_story,
    states,
    unzipped,
)

NAME = "橘猫队-可图Kolors训练-橘猫的一天"


@pytest.fixture(scope="module")
def lora(tmp_path_factory):
    return kolors_lora(tmp_path_factory.mktemp("lora") / "ink.safetensors")


@pytest.fixture(scope="module")
def made(tmp_path_factory, lora):
    """A ready story on disk, to be copied: its making takes seconds."""
    folder = tmp_path_factory.mktemp("made")
    services = ready_services(folder)
    slug = ready_story(services, lora)
    assert "blocks" not in states(services, slug)
    return folder, slug


@pytest.fixture
def ready(made, tmp_path):
    folder, slug = made
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return ready_services(tmp_path), slug


def export(services, slug, tmp_path, **options):
    return unzipped(flows.export.export(services, slug, out=tmp_path / "out.zip", **options))


def test_a_ready_story_is_handed_in_without_being_overruled(ready, tmp_path):
    services, slug = ready

    path = flows.export.export(services, slug)

    assert path.name == f"{NAME}.zip"
    entries = unzipped(path)
    assert {name for name in entries if "/" not in name} >= {
        "README.md", "configuration.json", "post.md", "checklist.json", "prompts.md", "prompts.csv", "prompts.json",
        "scores.json", "recipes.json", "story.yaml", "contact_sheet.jpg", "SHA256SUMS",
    }  # fmt: off
    assert sorted(name for name in entries if name.startswith("lora/")) == [
        "lora/ink.ckpt",
        "lora/ink.json",
        "lora/ink.safetensors",
    ]
    told = json.loads(entries[CHECKLIST])
    assert told["is_ready"] and not told["handed_in_anyway"] and told["blocking"] == 0
    recipes = json.loads(entries["recipes.json"])
    wanted = {part["sha256"] for take in recipes.values() for part in take["recipe"]["loras"]}
    assert wanted == {hashlib.sha256(entries["lora/ink.safetensors"]).hexdigest()}
    sums = dict(line.split("  ")[::-1] for line in entries["SHA256SUMS"].decode().splitlines())
    assert sums == {
        name: hashlib.sha256(content).hexdigest() for name, content in entries.items() if name != "SHA256SUMS"
    }


def test_the_challenges_own_layout_holds_the_same_numbers(ready, tmp_path):
    entries = export(*ready, tmp_path)

    own = torch.load(io.BytesIO(entries["lora/ink.ckpt"]), weights_only=True)
    plain = load(entries["lora/ink.safetensors"])
    beside = json.loads(entries["lora/ink.json"])

    assert beside["alpha"] == 0.5 and beside["rank"] == 1
    assert all(name.endswith((".lora_A.default.weight", ".lora_B.default.weight")) for name in own)
    assert sum(tensor.double().sum() for tensor in own.values()) == pytest.approx(
        float(sum(tensor.double().sum() for name, tensor in plain.items() if not name.endswith("alpha"))), rel=1e-6
    )


def test_the_same_story_gives_the_same_bytes_elsewhere_and_later(made, tmp_path):
    folder, slug = made
    bundles = []
    for place in ("one", "another place"):
        shutil.copytree(folder, tmp_path / place)
        shutil.rmtree(tmp_path / place / "workspace" / "cache" / "lora-exports", ignore_errors=True)
        services = ready_services(tmp_path / place)
        bundles.append(flows.export.export(services, slug).read_bytes())

    assert bundles[0] == bundles[1]


def test_the_model_card_says_what_the_records_and_the_author_say(ready, tmp_path):
    services, slug = ready
    flows.hand_in.write(services, slug, "link", "https://modelscope.cn/models/cats/ink", seen="")

    entries = export(services, slug, tmp_path)
    card, post = entries["README.md"].decode(), entries["post.md"].decode()

    front = yaml.safe_load(card.split("---\n")[1])
    assert front["base_model"] == ["Kwai-Kolors/Kolors"] and front["base_model_relation"] == "adapter"
    assert front["license"] == "other" and "MODEL_LICENSE" in front["license_link"]
    assert front["trigger_words"] == ["水墨"] and front["tasks"] == ["text-to-image-synthesis"]
    assert json.loads(entries["configuration.json"]) == {"framework": "Pytorch", "task": "text-to-image-synthesis"}
    for said in (
        "水墨质感的二次元",
        "自己画的 20 张画",
        "500 步，学习率 1e-4",
        "0.5 → 0.5",
        "6.50",
        "3 亿",
        "300 million",
    ):
        assert said in card, said
    assert 'lora_rank=1, lora_alpha=0.5, lora_path="lora/ink.ckpt")  # strength 1' in card
    assert "练习包" not in card and "未解决" not in card
    assert post.startswith("# 橘猫队 + <https://modelscope.cn/models/cats/ink> + 橘猫的一天\n")
    assert post.count("https://modelscope.cn/models/cats/ink/resolve/master/images/0") == 8


def test_parts_without_a_record_are_asked_for_and_never_invented(ready, tmp_path):
    services, slug = ready
    services.hand_ins._path(slug).unlink()

    assert states(services, slug)["blocks"] == [
        "no_team", "lora_no_introduction", "lora_no_pictures", "lora_no_training"
    ]  # fmt: off
    with pytest.raises(NotReady, match="no introduction"):
        export(services, slug, tmp_path)
    entries = export(services, slug, tmp_path, anyway=True)
    card, told = entries["README.md"].decode(), json.loads(entries[CHECKLIST])
    assert "训练步数" not in card and "训练方法" not in card and "Training pictures" not in card
    assert "未解决" in card and told["handed_in_anyway"] and told["blocking"] == 4


def test_a_lora_that_was_removed_after_rendering_blocks_and_its_file_is_left_out(ready, tmp_path):
    services, slug = ready
    token = services.lora_library.delete(LORA)

    assert "lora_missing" in states(services, slug)["blocks"]
    entries = export(services, slug, tmp_path, anyway=True)
    assert not any(name.startswith("lora/") for name in entries)

    services.lora_library.restore(token)
    assert "blocks" not in states(services, slug)


def test_a_lora_that_was_renamed_goes_along_under_its_new_name(ready, tmp_path):
    services, slug = ready
    flows.loras.rename(services, LORA, "水墨 v2")

    assert "blocks" not in states(services, slug)
    assert "lora/水墨-v2.safetensors" in export(services, slug, tmp_path)


def test_two_loras_of_one_name_both_go_along_and_are_told_apart(ready, tmp_path):
    services, slug = ready
    flows.loras.rename(services, LORA, "old")
    again = kolors_lora(tmp_path / "again.safetensors", seed=1)
    flows.loras.add_file(services, again.name, again, name=LORA)
    paint(services, slug, services.stories.load(slug).scenes[0].id, seed=70, score=7.0)
    introduce(services, slug)

    found = states(services, slug)
    entries = export(services, slug, tmp_path)

    assert found["warning"].count("lora_twins") == 1 and "blocks" not in found
    weights = {name: content for name, content in entries.items() if name.endswith(".safetensors")}
    assert len(set(weights.values())) == 2
    assert set(weights) == {"lora/ink.safetensors", "lora/old.safetensors"}


def test_a_panel_without_the_lora_is_named(ready):
    services, slug = ready
    story = services.stories.load(slug)
    paint(services, slug, story.scenes[2].id, seed=40, score=7.0, lora=None)

    items = [item for item in flows.export.checklist(services, slug) if item.code == "submit.lora_unused"]

    assert [(item.state, item.scene) for item in items] == [("blocks", story.scenes[2].id)]


def test_a_lora_for_another_base_is_refused_by_its_shapes_whatever_it_is_called(ready, tmp_path):
    services, slug = ready
    name = "败北女主队-可图Kolors训练-yanami"
    width, words = 320, 768  # of Stable Diffusion 1.5
    layer = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
    tensors = {f"{layer}.lora_down.weight": torch.ones(4, words), f"{layer}.lora_up.weight": torch.ones(width, 4)}
    tensors[f"{layer}.alpha"] = torch.tensor(4.0)
    save_file(tensors, services.layout.loras / f"{name}.safetensors", {"modelspec.architecture": "kolors-1.0/lora"})
    seen = services.stories.load(slug).loras
    services.stories.edit(slug, [Edit(scene=None, field="loras", value=(LoraUse(name=name),), seen=seen)])

    assert states(services, slug)["blocks"] == ["lora_idle", "lora_no_base"]


def test_a_lora_that_says_it_was_made_for_sdxl_is_no_lora_for_kolors(ready, tmp_path):
    services, slug = ready
    file = kolors_lora(tmp_path / "xl.safetensors", seed=3, metadata={"ss_base_model_version": "sdxl_base_v1-0"})
    flows.loras.add_file(services, file.name, file, name="xl")
    for index, scene in enumerate(services.stories.load(slug).scenes):
        paint(services, slug, scene.id, seed=100 + index, score=7.0, lora="xl")
    introduce(services, slug, "xl")

    assert "lora_stated_base" in states(services, slug)["blocks"]


def test_a_checkpoint_beside_its_alpha_is_handed_in_as_safetensors(ready, tmp_path):
    services, slug = ready
    loose = services.layout.loras / "loose.ckpt"
    with zipfile.ZipFile(flows.export.export(services, slug)) as bundle:
        loose.write_bytes(bundle.read(f"{NAME}/lora/ink.ckpt"))
    loose.with_suffix(".json").write_text('{"alpha": 0.5}')
    for index, scene in enumerate(services.stories.load(slug).scenes):
        paint(services, slug, scene.id, seed=100 + index, score=7.0, lora="loose")
    introduce(services, slug, "loose")

    assert "lora_idle" in states(services, slug)["blocks"]
    entries = export(services, slug, tmp_path, anyway=True)
    (tmp_path / "x.safetensors").write_bytes(entries["lora/loose.safetensors"])
    with safe_open(tmp_path / "x.safetensors", "pt") as opened:
        assert json.loads(opened.metadata()["story_studio"])["title"] == "loose"
        assert {float(opened.get_tensor(key)) for key in opened.keys() if key.endswith(".alpha")} == {0.5}  # noqa: SIM118


def test_paths_and_secrets_in_a_loras_metadata_do_not_go_along(ready, tmp_path):
    services, slug = ready
    token = "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH"
    private = {"ss_dataset_dirs": '{"/home/mei/pictures": {}}', "ss_training_comment": token, "ss_output_name": "tale"}
    file = kolors_lora(tmp_path / "told.safetensors", seed=5, metadata=private)
    flows.loras.add_file(services, file.name, file, name="told")
    for index, scene in enumerate(services.stories.load(slug).scenes):
        paint(services, slug, scene.id, seed=100 + index, score=7.0, lora="told")
    introduce(services, slug, "told")
    seen = services.stories.load(slug).loras
    services.stories.edit(slug, [Edit(scene=None, field="loras", value=(LoraUse(name="told"),), seen=seen)])

    found = states(services, slug)
    entries = export(services, slug, tmp_path)

    assert "lora_cleaned" in found["warning"] and "blocks" not in found
    for name, content in entries.items():
        assert token.encode() not in content and b"/home/mei" not in content, name
    assert b"tale" in entries["lora/told.safetensors"]


def test_a_secret_or_a_path_anywhere_blocks_with_its_place_and_is_not_repeated_whole(ready, tmp_path):
    services, slug = ready
    token = "ms-0a1b2c3d-1111-2222-3333-444455556666"
    scene = services.stories.load(slug).scenes[1]
    paint(services, slug, scene.id, seed=90, score=7.0, prompt=f"水墨，小猫 {token}")
    flows.hand_in.write(services, slug, "words", "见 C:\\Users\\小美\\猫.png", seen="")

    items = [item for item in flows.export.checklist(services, slug) if item.state == "blocks"]

    assert [item.code for item in items] == ["submit.path", "submit.secret"]
    assert "words" in str(items[0].values["place"]) and "images/02.png" in str(items[1].values["place"])
    with pytest.raises(NotReady) as caught:
        export(services, slug, tmp_path)
    assert token not in caught.value.text("zh") and "images/02.png" in caught.value.text("zh")
    assert token not in json.dumps(json.loads(export(services, slug, tmp_path, anyway=True)[CHECKLIST]))


def test_what_happens_between_the_look_at_the_checklist_and_the_export_is_seen(ready, tmp_path):
    services, slug = ready
    assert "blocks" not in states(services, slug)
    panel = flows.panels.open_story(services, slug).board.panels[4]

    services.takes.delete(slug, panel.scene.id, panel.chosen.take.id)

    with pytest.raises(NotReady, match="题4"):
        export(services, slug, tmp_path)
    assert not (tmp_path / "out.zip").exists()


def test_a_full_disk_leaves_the_bundle_that_was_there(ready, tmp_path, monkeypatch):
    services, slug = ready
    path = flows.export.export(services, slug)
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipfile._ZipWriteFile, "write", full)
    with pytest.raises(Wait, match="full"):
        flows.export.export(services, slug)

    assert path.read_bytes() == before and [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_double_click_makes_one_whole_bundle(ready):
    services, slug = ready
    paths, faults = [], []

    def press():
        try:
            paths.append(flows.export.export(services, slug))
        except Exception as error:
            faults.append(error)

    clicks = [threading.Thread(target=press) for _ in range(3)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()

    assert not faults and len(set(paths)) == 1
    with zipfile.ZipFile(paths[0]) as bundle:
        assert bundle.testzip() is None


def test_a_story_of_twenty_four_scenes_with_hostile_names_unpacks_everywhere(tmp_path, lora):
    services = ready_services(tmp_path)
    slug = ready_story(services, lora, scenes=24, title="CON: <b>猫</b> | ‮gnp.exe…")
    flows.hand_in.write(services, slug, "team", "../../../NUL. :*?", seen="橘猫队")

    path = flows.export.export(services, slug)

    with zipfile.ZipFile(path) as bundle:
        for info in bundle.infolist():
            assert info.filename.isascii() or info.flag_bits & 0x800
            assert not set(info.filename) & set('<>:"\\|?*\u202e') and ".." not in info.filename
            assert all(part == part.strip(". ") for part in info.filename.split("/"))
            assert info.compress_type == zipfile.ZIP_STORED and info.date_time == (2024, 1, 1, 0, 0, 0)
        names = [info.filename.partition("/")[2] for info in bundle.infolist()]
    assert [name for name in names if name.startswith("images/")] == [f"images/{n:02d}.png" for n in range(1, 25)]


def test_hostile_texts_stay_texts_in_card_and_post(ready, tmp_path):
    services, slug = ready
    hostile = "<script>alert(1)</script> | [x](http://evil.example) `a` $x$ @all\n---\n# head\n- item\n1. one"
    flows.hand_in.write(services, slug, "words", hostile, seen="")
    flows.hand_in.write(services, slug, "link", "javascript:alert(1)", seen="")

    entries = export(services, slug, tmp_path)

    for name in ("README.md", "post.md"):
        text = entries[name].decode()
        assert not re.search(r"(?<!\\)(<script|\]\(http://evil|\]\(javascript|<javascript)", text), name
    assert "\n# head" not in entries["post.md"].decode() and "\n- item" not in entries["post.md"].decode()


def test_details_are_kept_field_by_field_and_two_tabs_are_shown_both_texts(ready):
    services, slug = ready

    flows.hand_in.write(services, slug, "contact", "mei@example.com", seen="")
    with pytest.raises(EditConflict) as caught:
        flows.hand_in.write(services, slug, "team", "狗队", seen="")
    assert (caught.value.mine, caught.value.theirs) == ("狗队", "橘猫队")
    with pytest.raises(FixInput, match="characters"):
        flows.hand_in.write(services, slug, "contact", "x" * 10_000_000, seen="mei@example.com")
    assert services.hand_ins.load(slug).contact == "mei@example.com"


def test_details_that_were_damaged_by_hand_are_said_and_stay_beside_the_new_ones(ready, tmp_path):
    services, slug = ready
    file = services.hand_ins._path(slug)
    file.write_text('{"team": "橘猫队", "team": 3, "x": NaN}')

    with pytest.raises(FixInput, match="cannot be read"):
        export(services, slug, tmp_path, anyway=True)
    flows.hand_in.write(services, slug, "team", "橘猫队", seen="")

    assert services.hand_ins.load(slug).team == "橘猫队"
    assert [each.read_text() for each in file.parent.glob("*.damaged-*")] == ['{"team": "橘猫队", "team": 3, "x": NaN}']


def test_a_script_that_says_otherwise_keeps_the_bundle_from_being_written(ready, tmp_path):
    services, slug = ready

    def script(folder):
        run = services.challenge_script(folder)
        return run.model_copy(update={"mean": run.mean + 0.02, "pictures": run.pictures | {"03.png": 6.66}})

    doubted = dataclasses.replace(services, challenge_script=script)

    with pytest.raises(FixInput, match=r"03\.png: 6\.500 → 6\.660"):
        export(doubted, slug, tmp_path)
    assert not (tmp_path / "out.zip").exists()
    entries = export(doubted, slug, tmp_path, anyway=True)
    assert "6.660" in json.loads(entries["scores.json"])["challenge_script"]


def test_what_is_put_into_a_finished_bundle_is_found_before_it_is_handed_in(ready, tmp_path):
    services, slug = ready
    path = flows.export.export(services, slug, out=tmp_path / "out.zip")
    assert [item.state for item in flows.finished_bundle.check(services, path)] == ["ok"]

    with zipfile.ZipFile(path) as bundle:
        bundle.extractall(tmp_path / "unpacked")
    folder = tmp_path / "unpacked" / NAME
    for name in ("images/Thumbs.db", "images/.DS_Store", "images/09.png", "notes.txt"):
        (folder / name).write_bytes(b"x")

    found = flows.finished_bundle.check(services, folder)

    assert [(item.code, item.values.get("name")) for item in found if item.state == "blocks"] == [
        ("submit.foreign_file", "images/.DS_Store"),
        ("submit.foreign_file", "images/09.png"),
        ("submit.foreign_file", "images/Thumbs.db"),
        ("submit.unlisted", "notes.txt"),
    ]
    assert flows.finished_bundle.check(services, tmp_path / "unpacked")[1:] == found[1:]
    (folder / "post.md").write_text("changed")
    with pytest.raises(FixInput, match=r"post\.md"):
        flows.finished_bundle.check(services, folder)
