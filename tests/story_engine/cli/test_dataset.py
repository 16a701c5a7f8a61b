import io
import json
import os
import subprocess
import sys
import zipfile

from PIL import Image

from story_engine.cli.main import run
from story_engine.config import PROJECT_FOLDER
from story_engine.formats.caption_csv import read_caption_csv


def answer(capsys, workspace, *arguments):
    code = run([*arguments, "--workspace", str(workspace), "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out else said.err


def test_a_dataset_from_pictures_to_the_trainers_zip(tmp_path, capsys):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, size in enumerate([(80, 60), (60, 60), (300, 60)]):
        Image.effect_noise(size, 90).convert("RGB").save(folder / f"{number}.png")
    workspace = tmp_path / "workspace"

    code, created = answer(capsys, workspace, "dataset", "create", "Ink", str(folder))
    assert (code, created["dataset"], created["added"]) == (0, "ink", 3)
    code, filtered = answer(capsys, workspace, "dataset", "filter", "ink", "--max-ratio", "2")
    assert (code, filtered["kept"], list(filtered["dropped"])) == (0, 2, ["2.png"])
    code, captioned = answer(capsys, workspace, "dataset", "caption", "ink", "--set", "noise", "--trigger", "mystyle")
    assert captioned["captions"]["0.png"] == "mystyle, noise"
    code, checked = answer(capsys, workspace, "dataset", "check", "ink", "--side", "256")
    assert "dataset.clinic_identical" in {finding["code"] for finding in checked["findings"]}
    code, exported = answer(capsys, workspace, "dataset", "export", "ink", "--out", str(tmp_path / "ink.zip"))

    with zipfile.ZipFile(exported["zip"]) as archive:
        table = read_caption_csv(archive.read("train/metadata.csv").decode("utf-8-sig"), name="metadata.csv")
        assert Image.open(io.BytesIO(archive.read("train/0.png"))).mode == "RGB"
    assert {row.picture: row.text for row in table.rows} == {"0.png": "mystyle, noise", "1.png": "mystyle, noise"}


def test_what_an_import_passes_over_is_counted_and_named_in_text_and_json(tmp_path, capsys):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder, colour in ((one, "red"), (two, "blue")):
        folder.mkdir()
        Image.new("RGB", (40, 30), colour).save(folder / "1.png")
    (two / "1.txt").write_text("a blue one")
    (two / "metadata.csv").write_text("file_name,text\n2.png,nobody's\n3.png,nobody's\n")
    files = [str(one / "1.png"), *map(str, two.iterdir())]

    code, created = answer(capsys, tmp_path / "workspace", "dataset", "create", "Two", *files)

    assert (code, created["added"], created["refused"]) == (0, 2, [])
    (passed,) = created["passed_over"]
    assert (passed["code"], passed["count"], passed["names"]) == ("dataset.passed_captions", 2, ["2.png", "3.png"])
    code, shown = answer(capsys, tmp_path / "workspace", "dataset", "caption", "two")
    assert shown["captions"] == {"1.png": "", "1-2.png": "a blue one"}


def test_filters_that_cannot_be_kept_are_refused_and_nothing_is_changed(tmp_path, capsys):
    answer(capsys, tmp_path, "dataset", "create", "Ink")
    index = tmp_path / "datasets" / "ink" / "dataset.json"
    before = index.read_bytes()

    for option, value in (
        ("--max-ratio", "inf"),
        ("--min-ratio", "nan"),
        ("--min-score", "nan"),
        ("--max-ratio", "1e999"),
    ):
        code, said = answer(capsys, tmp_path, "dataset", "filter", "ink", "--off", option, value)
        assert code in (1, 2) and option.strip("-").replace("-", "_") in said.replace("-", "_"), (option, value, said)

    assert index.read_bytes() == before
    assert answer(capsys, tmp_path, "dataset", "filter", "ink", "--max-ratio", "2")[0] == 0


def test_a_config_that_is_no_ordinary_file_is_refused(tmp_path, capsys):
    answer(capsys, tmp_path, "dataset", "create", "Ink")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large.yaml").write_bytes(b"#" * 3_000_000)
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "good.yaml").write_text("process:\n  - image_shape_filter:\n      min_width: 99\n")
    (tmp_path / "link.yaml").symlink_to("good.yaml")

    for path in ("/dev/zero", str(tmp_path), "pipe", "large.yaml", "circle", "missing", "x" * 5000):
        code, said = answer(capsys, tmp_path, "dataset", "filter", "ink", "--config", str(tmp_path / path))
        assert code in (1, 2) and said, path
    for command in (("train", "/dev/zero"), ("train", str(tmp_path / "pipe"))):
        assert answer(capsys, tmp_path, *command)[0] == 1

    code, said = answer(capsys, tmp_path, "dataset", "filter", "ink", "--config", str(tmp_path / "link.yaml"))
    assert (code, said["filters"]["shape"]["min_width"]) == (0, 99)


def test_paths_that_cannot_be_are_refused_before_a_dataset_is_made(tmp_path, capsys):
    for path in ("/" + "x" * 5000, str(tmp_path / "gone"), "/dev/zero"):
        code, said = answer(capsys, tmp_path, "dataset", "create", "Ink", path)
        assert code == 1 and said, path

    assert answer(capsys, tmp_path, "dataset", "list") == (0, {"datasets": []})


def test_the_list_names_damaged_datasets_with_the_reason(tmp_path, capsys):
    for title in ("Good", "Bad"):
        answer(capsys, tmp_path, "dataset", "create", title)
    (tmp_path / "datasets" / "bad" / "dataset.json").write_text("{")

    code, said = answer(capsys, tmp_path, "dataset", "list")

    damage = {each["dataset"]: each["damage"] for each in said["datasets"]}
    assert code == 0
    assert damage["good"] is None and "cannot be read" in damage["bad"]


def test_what_does_not_exist_is_said_with_exit_code_one(tmp_path, capsys):
    code, said = answer(capsys, tmp_path, "dataset", "check", "nothing")

    assert code == 1
    assert "no dataset called" in said


def test_drawing_a_sample_set_needs_no_torch():
    program = (
        "import sys\n"
        "from story_engine.jobs.imports.sample_pictures import pictures\n"
        "found = [next(pictures(style, language='zh')) for style in ('ink', 'crayon', 'papercut')]\n"
        "assert all(name.endswith('-01.png') and text for name, content, text in found)\n"
        "print(sorted({'torch', 'transformers', 'diffsynth'} & set(sys.modules)))\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT_FOLDER)

    assert done.stdout.strip() == "[]", done.stderr
