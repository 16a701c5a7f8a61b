"""The editor's processing of dynamic prompts is written here again, from its description, to read what we write."""

import random

from hypothesis import given
from hypothesis import strategies as st

from story_engine.formats.elsewhere.comfyui import differences, nodes_of
from story_engine.formats.elsewhere.graph import as_api, as_dynamic_prompt, as_workflow
from story_engine.formats.elsewhere.panel import PanelElsewhere, UsedLora
from tests.builders import a_recipe

INK = UsedLora(name="ink", strength=0.8, alpha=4.0)


def panels(**changes):
    recipe = a_recipe(family="kolors", negative="模糊", **changes)
    second = recipe.model_copy(update={"prompt": "a fox", "seed": 2})
    return [
        PanelElsewhere(name="01", title="The cat", recipe=recipe, loras=(INK,)),
        PanelElsewhere(name="02", title="", recipe=second, loras=(INK,)),
        PanelElsewhere(name="03", title="Bare", recipe=second),
    ]


def api_of_workflow(workflow, widget_names):
    """What the editor would send: links by slot, widgets by place, the seed's control left out."""
    links = {link[0]: link for link in workflow["links"]}
    sent = {}
    for node in workflow["nodes"]:
        if node["type"] == "Note":
            continue
        inputs = {
            slot["name"]: [str(links[slot["link"]][1]), links[slot["link"]][2]]
            for slot in node["inputs"]
            if slot["link"] is not None
        }
        values = [value for value in node["widgets_values"] if value != "fixed"]
        inputs |= dict(zip(widget_names[node["type"]], values, strict=True))
        sent[str(node["id"])] = (node["type"], inputs)
    return sent


def test_both_forms_of_a_graph_are_the_same_graph():
    for pack in ("mz", "kijai"):
        nodes = nodes_of(panels(), pack=pack, note="hello")

        api, workflow = as_api(nodes), as_workflow(nodes)

        widgets = {node.kind.name: node.kind.widgets for node in nodes}
        sent = {key: (node["class_type"], node["inputs"]) for key, node in api.items()}
        assert api_of_workflow(workflow, widgets) == sent, pack
        for link, source, output, target, socket, kind in workflow["links"]:
            nodes_by_id = {node["id"]: node for node in workflow["nodes"]}
            leaving, arriving = nodes_by_id[source]["outputs"][output], nodes_by_id[target]["inputs"][socket]
            assert link in leaving["links"] and arriving["link"] == link
            assert leaving["type"] == arriving["type"] == kind


def test_what_is_loaded_is_loaded_once_and_each_set_of_loras_once():
    api = as_api(nodes_of(panels(), pack="mz"))

    kinds = [node["class_type"] for node in api.values()]
    assert kinds.count("MZ_KolorsUNETLoaderV2") == kinds.count("VAELoader") == kinds.count("LoraLoaderModelOnly") == 1
    assert kinds.count("MZ_ChatGLM3_V2") == 3  # two prompts, and the negative that all share
    samplers = [node["inputs"] for node in api.values() if node["class_type"] == "KSampler"]
    assert [each["seed"] for each in samplers] == [0, 2, 2]
    assert (samplers[0]["sampler_name"], samplers[0]["scheduler"]) == ("dpmpp_2m", "karras")
    assert samplers[0]["model"] == samplers[1]["model"] != samplers[2]["model"]


def test_the_notebooks_node_gets_the_alpha_that_means_our_strength():
    api = as_api(nodes_of(panels(), pack="kijai"))

    (lora,) = [node["inputs"] for node in api.values() if node["class_type"] == "LoadKolorsLoRA"]
    assert (lora["lora_alpha"], lora["lora_path"]) == (3.2, "models/loras/ink.ckpt")
    strong = [PanelElsewhere(name="01", title="", recipe=a_recipe(), loras=(UsedLora(name="a", strength=1, alpha=16),))]
    assert "elsewhere.alpha_too_large" in {each.code for each in differences(strong, pack="kijai")}


def test_a_node_that_knows_no_escape_never_sees_a_choice():
    odd = panels(prompt="{red|blue} dress, a|b")

    (text, *_) = [n["inputs"] for n in as_api(nodes_of(odd, pack="kijai")).values() if "prompt" in n["inputs"]]

    assert text["prompt"] == "｛red｜blue｝ dress, a｜b"
    assert "elsewhere.marks_replaced" in {each.code for each in differences(odd, pack="kijai")}
    assert "elsewhere.marks_replaced" not in {each.code for each in differences(panels(), pack="kijai")}


def read_dynamic_prompt(text):
    while True:  # comments go first, from left to right, a line's end ends the short kind
        block, line = text.find("/*"), text.find("//")
        start = min((place for place in (block, line) if place >= 0), default=-1)
        if start < 0:
            break
        if start == line:
            end = text.find("\n", start)
            text = text[:start] + (text[end:] if end >= 0 else "")
            continue
        end = text.find("*/", start + 2)
        if end < 0:
            break
        text = text[:start] + text[end + 2 :]
    read, place = [], 0
    while place < len(text):
        if text[place] == "\\":
            read.append(text[place : place + 2] if place + 1 < len(text) else "\\undefined")
            place += 2
            continue
        if text[place] == "{":
            read.append("CHOICE")
        else:
            read.append(text[place])
        place += 1
    whole = "".join(read)
    for mark in "{}|":
        whole = whole.replace("\\" + mark, mark)
    return whole


@given(st.text(st.sampled_from("ab{}|\\ /*\n，"), max_size=30))
def test_the_editor_gives_a_prompt_back_as_it_was(text):
    read = read_dynamic_prompt(as_dynamic_prompt(text))

    assert read.replace(" ", "") == text.replace(" ", "")
    if not any(pair in text for pair in ("//", "/*", "\\{", "\\}", "\\|")) and not text.endswith("\\"):
        assert read == text


def test_a_large_board_is_written_in_both_forms():
    rng = random.Random(3)
    many = [
        PanelElsewhere(name=f"{n:02}", title=str(n), recipe=a_recipe(prompt=f"cat {n}", seed=rng.randrange(2**32)))
        for n in range(24)
    ]

    workflow = as_workflow(nodes_of(many, pack="mz"))

    places = [tuple(node["pos"]) for node in workflow["nodes"]]
    assert len(set(places)) == len(places)
