"""Graphs of both Kolors packs, with and without LoRA, in both forms; what the Studio exports comes back."""

import json

from benchmarks.storm_story_files import editor_graph, graph
from story_engine.formats.comfy_workflow import read_workflow
from story_engine.formats.elsewhere.comfyui import nodes_of
from story_engine.formats.elsewhere.graph import as_api, as_workflow
from story_engine.formats.elsewhere.panel import PanelElsewhere, UsedLora
from story_engine.formats.elsewhere.prompt_lines import as_prompt_lines
from story_engine.formats.prompt_file import is_prompt_file, read_prompt_file
from tests.builders import a_recipe


def panels(*loras: UsedLora, prompt: str = "一只猫 {{a|b}} //x (soft)") -> list[PanelElsewhere]:
    return [
        PanelElsewhere(
            name=f"{number:02}",
            title=f"Scene {number}",
            loras=loras,
            recipe=a_recipe(
                prompt=f"{prompt} {number}",
                negative="丑陋",
                seed=number * 7,
                steps=25,
                cfg_scale=4.5,
                width=1024,
                height=768,
                sampler="euler",
            ),
        )
        for number in (1, 2, 3)
    ]


def made(story):
    return [(scene.prompt, scene.negative, scene.seed, scene.settings.given()) for scene in story.scenes]


def meant(given, **changes):
    return [
        (
            each.recipe.prompt,
            each.recipe.negative,
            each.recipe.seed,
            {"sampler": "euler", "steps": 25, "cfg_scale": 4.5, "width": 1024, "height": 768} | changes,
        )
        for each in given
    ]


def test_what_goes_to_comfyui_comes_back_in_both_forms_and_packs():
    ink = UsedLora(name="ink", strength=0.5, alpha=4.0)
    for pack, words in (("mz", "一只猫 {a|b} (soft)"), ("kijai", "一只猫 (soft)")):
        for loras in ((), (ink,)):
            given = panels(*loras, prompt=words)
            nodes = nodes_of(given, pack=pack, note="a note")
            for graph_of in (as_api(nodes), as_workflow(nodes)):
                story = read_workflow(json.loads(json.dumps(graph_of)), name="g")

                assert story is not None and made(story) == meant(given), (pack, loras)
                assert story.family == "kolors"
                assert [lora.name for lora in story.loras] == [use.name for use in loras]


def test_what_goes_to_a1111_comes_back():
    given = panels(UsedLora(name="ink", strength=0.5, alpha=None), prompt='it\'s "a cat" --seed 7 [x] \\')
    text = as_prompt_lines(given)

    story = read_prompt_file(text, name="p.txt")

    assert is_prompt_file(text)
    assert [(each.prompt, each.seed) for each in story.scenes] == [
        (each.recipe.prompt, each.recipe.seed) for each in given
    ]
    assert [(lora.name, lora.as_trained) for lora in story.loras] == [("ink", 0.5)]


def test_prompt_lines_are_read_as_people_write_them():
    text = (
        "# my prompts\n"
        "--prompt a cat's tail, long --negative_prompt blurry, dark --seed 5 --cfg_scale 6.5\n"
        "a dog on a bench --n blurry --w 512 --h 768 --d 7 --l 5 --s 30 --ctr\n"
        "--seed 3\n"
    )

    story = read_prompt_file(text, name="p.txt")

    assert is_prompt_file(text) and not is_prompt_file("a cat -- sitting\nno options")
    assert [(each.prompt, each.negative, each.seed) for each in story.scenes] == [
        ("a cat's tail, long", "blurry, dark", 5),
        ("a dog on a bench", "blurry", 7),
    ]
    assert story.scenes[1].settings.given() == {"steps": 30, "cfg_scale": 5.0, "width": 512, "height": 768}
    assert [note.code for note in story.notes] == ["imports.rows_empty", "imports.options_unread"]


def test_the_graphs_that_the_organisers_handed_out_say_their_lora():
    first, second = read_workflow(graph(), name="g"), read_workflow(editor_graph(), name="g")

    assert first is not None and second is not None
    assert [(lora.path, lora.as_trained) for lora in first.loras] == [("ink.safetensors", 0.8)]
    assert [(lora.name, lora.alpha) for lora in second.loras] == [("epoch=0-step=500", 2.0)]
    assert second.scenes[0].settings.given() == {
        "sampler": "euler",
        "steps": 25,
        "cfg_scale": 5.0,
        "width": 1024,
        "height": 1024,
    }


def test_muted_samplers_second_passes_and_texts_from_other_nodes_are_told_apart():
    data = graph()
    sampler = data["7"]
    assert isinstance(sampler, dict)
    data["8"] = {"class_type": "LatentUpscale", "inputs": {"samples": ["7", 0], "width": 2048, "height": 1536}}
    data["9"] = {"class_type": "KSampler", "inputs": {**sampler["inputs"], "latent_image": ["8", 0], "denoise": 0.4}}
    data["10"] = {"class_type": "PrimitiveString", "inputs": {"value": "words from elsewhere"}}
    data["4"] = {"class_type": "MZ_ChatGLM3_V2", "inputs": {"text": ["10", 0]}}
    editor = editor_graph()
    assert isinstance(editor["nodes"], list)
    editor["nodes"][3]["mode"] = 2

    story, silent = read_workflow(data, name="g"), read_workflow(editor, name="g")

    assert story is not None and silent is not None
    assert [scene.prompt for scene in story.scenes] == ["words from elsewhere"]
    assert [note.code for note in story.notes] == ["imports.second_pass"]
    assert not silent.scenes and "imports.nodes_muted" in [note.code for note in silent.notes]


def test_a_graph_that_runs_in_circles_ends():
    data = graph()
    data["4"] = {"class_type": "Reroute", "inputs": {"a": ["5", 0]}}
    data["5"] = {"class_type": "Reroute", "inputs": {"a": ["4", 0], "text": ["5", 0]}}

    story = read_workflow(data, name="g")

    assert story is not None and story.scenes == ()
