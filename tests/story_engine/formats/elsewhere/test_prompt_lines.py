import shlex

from story_engine.formats.elsewhere.panel import PanelElsewhere, UsedLora
from story_engine.formats.elsewhere.prompt_lines import as_prompt_lines
from tests.builders import a_recipe


def options(line):
    """As the script reads a line: words by `shlex`, each option followed by its value."""
    words = shlex.split(line)
    assert all(word.startswith("--") for word in words[::2])
    return dict(zip((word[2:] for word in words[::2]), words[1::2], strict=True))


def test_a_line_is_read_back_as_it_was_meant_whatever_stands_in_it():
    prompt = 'it\'s "a cat" --seed 7 $HOME `x`\n第二行 (soft) [x] \\(kept\\)'
    recipe = a_recipe(prompt=prompt, negative="--prompt no", seed=5, cfg_scale=4.5)
    panel = PanelElsewhere(name="01", title="x", recipe=recipe, loras=(UsedLora(name="ink", strength=0.5, alpha=None),))

    written = as_prompt_lines([panel, panel])

    assert len(written.splitlines()) == 2
    assert options(written.splitlines()[0]) == {
        "prompt": 'it\'s "a cat" --seed 7 $HOME `x` 第二行 \\(soft\\) \\[x\\] \\(kept\\) <lora:ink:0.5>',
        "negative_prompt": "--prompt no",
        "seed": "5",
        "steps": "20",
        "cfg_scale": "4.5",
        "width": "256",
        "height": "256",
        "sampler_name": "DPM++ 2M",
    }
