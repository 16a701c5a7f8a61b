import io
import json
import subprocess
import sys
import zipfile

from PIL import Image

from story_engine.cli.main import run
from story_engine.config import PROJECT_FOLDER
from story_engine.formats.metadata_csv import read_metadata_csv


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
        table = read_metadata_csv(archive.read("train/metadata.csv"))
        assert Image.open(io.BytesIO(archive.read("train/0.png"))).mode == "RGB"
    assert table == {"0.png": "mystyle, noise", "1.png": "mystyle, noise"}


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
