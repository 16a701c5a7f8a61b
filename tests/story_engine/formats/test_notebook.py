import json

import pytest

from story_engine.errors import FixInput
from story_engine.formats.elsewhere.diffusers_script import as_diffusers_script
from story_engine.formats.elsewhere.panel import PanelElsewhere, UsedLora
from story_engine.formats.notebook import read_code_among_text, read_notebook, read_program
from tests.builders import a_recipe


def notebook(*cells: str | tuple[str, object]) -> str:
    written = [
        {"cell_type": "code", "outputs": [], **_cell(cell if isinstance(cell, tuple) else (cell, None))}
        for cell in cells
    ]
    return json.dumps({"cells": written, "nbformat": 4, "nbformat_minor": 4})


def _cell(cell: tuple[str, object]) -> dict[str, object]:
    return {"source": cell[0].splitlines(keepends=True), "execution_count": cell[1]}


def read(*cells: str | tuple[str, object]):
    return read_notebook(notebook(*cells), name="a.ipynb")


def said(story):
    return [(scene.prompt, scene.seed) for scene in story.scenes]


def codes(story):
    return [note.code for note in story.notes]


def test_variables_f_strings_lists_and_functions_are_followed():
    story = read(
        'STYLE = "二次元," + "日系"\nNEGATIVE = "丑陋"\nwho = {"girl": "一个女孩"}',
        "def paint(prompt, seed, negative=NEGATIVE, **more):\n"
        "    torch.manual_seed(seed)\n"
        '    return pipe(prompt=f"{STYLE},{prompt}", negative_prompt=negative, cfg_scale=4, **more)\n'
        "scenes = [(f\"{who['girl']}在家\", 3), ('{}在路上'.format(who['girl']), 5)]\n"
        "for number, (words, seed) in enumerate(scenes, start=1):\n"
        "    image = paint(words, seed, num_inference_steps=30, height=768, width=1024)\n"
        '    image.save(f"{number}.jpg")\n',
        'images = [pipe("a %s" % each, generator=torch.Generator("cpu").manual_seed(9)) for each in ["cat", "dog"]]',
    )

    assert said(story) == [
        ("二次元,日系,一个女孩在家", 3),
        ("二次元,日系,一个女孩在路上", 5),
        ("a cat", 9),
        ("a dog", 9),
    ]
    first = story.scenes[0]
    assert first.negative == "丑陋" and first.place == "[2] L3"
    assert first.settings.given() == {"sampler": "ddim", "steps": 30, "cfg_scale": 4.0, "width": 1024, "height": 768}


def test_nothing_of_a_notebook_is_run(tmp_path):
    touched = tmp_path / "touched"

    story = read(
        f"open({str(touched)!r}, 'w').write('x')\n__import__('os').system('touch {touched}')\npipe('a cat')",
        f"!touch {touched}",
    )

    assert said(story) == [("a cat", None)] and not touched.exists()


def test_commands_and_broken_cells_are_skipped_and_counted():
    story = read(
        "!pip install x \\\n  --upgrade\n%matplotlib inline\ntorch.manual_seed(1)\n%time image = pipe('one')",
        "%%bash\npipe('not this')",
        "if True print('broken')\npipe('nor this')",
        "files = !ls\npipe?\npipe('two')",
    )

    assert said(story) == [("one", 1), ("two", 1)]
    (magics,) = (note for note in story.notes if note.code == "imports.magics_skipped")
    (broken,) = (note for note in story.notes if note.code == "imports.cells_broken")
    assert magics.values["count"] == 7 and broken.values["cells"] == "3"


def test_cells_are_read_in_the_order_in_which_they_were_run():
    story = read(
        ("pipe(prompt=words)", 5), ("words = 'late'", 4), ("words = 'early'", 2), ("words = words + '!'", None)
    )

    assert said(story) == [("late", None)]
    assert "imports.run_order" in codes(story)


def test_a_picture_saved_over_counts_once_and_numbered_files_are_the_order():
    story = read(
        "torch.manual_seed(0)\nimage = pipe(prompt='two')\nimage.save('out/2.jpg')",
        "torch.manual_seed(1)\nimage = pipe(prompt='one, at first')\nimage.save('out/1.jpg')",
        "torch.manual_seed(7)\nimage = pipe(prompt='one')\nimage.save('out/1.jpg')",
    )

    assert said(story) == [("one", 7), ("two", 0)]
    assert "imports.painted_over" in codes(story)


def test_a_prompt_that_only_running_would_tell_is_named():
    story = read(
        "words = input()\nimage = pipe(prompt=words)\nimage = pipe(prompt=f'{words}, {unknown}')\npipe('known')"
    )

    assert said(story) == [("known", None)]
    (note,) = (note for note in story.notes if note.code == "imports.prompts_unknown")
    assert note.values["count"] == 2 and "[1] L2" in str(note.values["places"])


def test_the_strength_of_a_lora_follows_from_both_alphas():
    own = "def load_lora(model, lora_rank, lora_alpha, lora_path):\n    return model\n"
    training = "cmd = '--lora_rank 16 --lora_alpha 4.0'\n"
    cases = {
        own + "load_lora(unet, 16, 2.0, 'a/epoch=0-step=500.ckpt')": None,
        training + own + "load_lora(unet, 16, 2.0, 'a.ckpt')": 0.5,
        training + "pipe.unet = load_lora(pipe.unet, lora_rank=16, lora_alpha=4.0, lora_path='a.ckpt')": 1.0,
        training + "model_manager.load_lora('a.safetensors', lora_alpha=0.25)": 1.0,
    }

    found = {source: read(source + "\npipe('a cat')").loras for source in cases}

    assert {source: loras[0].as_trained for source, loras in found.items()} == cases
    assert found[next(iter(cases))][0].rank == 16


HOSTILE = (
    "x = " + "-" * 100_000 + "1",
    "x = " + "+".join("1" * 100_000),
    "x" + "[0]" * 100_000,
    "x = " + "[" * 100_000,
    "a = 'x'\nfor i in range(10**9):\n    a = a + a",
    "a = [0]\nwhile True:\n    a.append(a)\n",
    "a = [0]\nfor i in range(99):\n    a = a + a\n    b = f'{a}'",
    "def f(n):\n    return f(n) + f(n)\nf(1)",
    "x = '%999999999s' % 1\ny = f'{1:>999999999}'\nz = 'a' * 10**12\nw = 'a'.replace('', 'b' * 199999)",
    "x = '" + "a" * 2_000_000 + "'",
)


def test_source_that_would_end_a_process_ends_in_a_note():
    for source in HOSTILE:
        story = read(source, "pipe('a cat')")

        assert said(story) == [("a cat", None)] or "imports.code_too_long" in codes(story), source[:60]


def test_what_is_no_notebook_is_refused():
    for text in ("", "{", "[]", '{"cells": 1}', "[" * 100_000, '{"nbformat": 4}'):
        with pytest.raises(FixInput):
            read_notebook(text, name="a.ipynb")


def test_code_is_picked_out_of_an_article():
    code = "    def paint(words):\n        return pipe(prompt=words)\n"
    text = f"第一步：\n\n{code}\n然后运行 (见下图)\n    paint('a cat')\n完。\n"

    story = read_code_among_text(text, name="article")

    assert said(story) == [("a cat", None)] and "imports.code_among_text" in codes(story)


def test_the_script_that_the_studio_writes_for_diffusers_comes_back_as_the_same_scenes():
    recipes = [a_recipe(prompt=f'a "cat" {{{n}}}\n第{n}幕', negative="丑陋", seed=n) for n in (3, 5)]
    lora = UsedLora(name="ink", strength=0.5, alpha=4.0)
    panels = [
        PanelElsewhere(name=f"0{n}", title="t", recipe=recipe, loras=(lora,)) for n, recipe in enumerate(recipes, 1)
    ]

    story = read_program(as_diffusers_script(panels, title="x", file="x.py", notes=""), name="x.py")

    assert said(story) == [(recipe.prompt, recipe.seed) for recipe in recipes]
    assert [lora.name for lora in story.loras] == ["ink"] and story.family == "kolors"
