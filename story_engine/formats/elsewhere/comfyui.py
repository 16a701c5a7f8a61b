"""Panels as ComfyUI graphs, for the two packs of nodes that run Kolors there.

Sources of classes and inputs: MinusZoneAI/ComfyUI-Kolors-MZ (`__init__.py`: the `…_V2` nodes, which make Kolors a model
like any other there), kijai/ComfyUI-KwaiKolorsWrapper (`nodes.py`: diffusers' pipeline), and the node `LoadKolorsLoRA`
of the challenge's notebook, which stands in neither.
"""

from __future__ import annotations

from collections.abc import Sequence

from story_engine.formats.elsewhere.graph import NOTE, Link, Node, NodeKind
from story_engine.formats.elsewhere.panel import Difference, PanelElsewhere

PACKS = ("mz", "kijai")
_UNET = "kolors/diffusion_pytorch_model.fp16.safetensors"
_CHATGLM = "chatglm3-fp16.safetensors"
_VAE = "sdxl.vae.safetensors"
_NOTEBOOK_LARGEST_ALPHA = 4.0
"""`LoadKolorsLoRA` takes no more."""
_SAMPLERS = {
    "ddim": ("ddim", "ddim_uniform"),
    "euler": ("euler", "ddim_uniform"),
    "dpmpp_2m_karras": ("dpmpp_2m", "karras"),
}
"""Ours → KSampler's sampler and schedule."""
_SCHEDULERS = {
    "ddim": "EulerDiscreteScheduler",
    "euler": "EulerDiscreteScheduler",
    "dpmpp_2m_karras": "DPMSolverMultistepScheduler",
}
"""Ours → the nearest that KolorsSampler has: it has neither DDIM nor Karras' levels without noise added."""

_MODEL = NodeKind(name="MZ_KolorsUNETLoaderV2", widgets=("unet_name",), outputs=(("model", "MODEL"),))
_LORA = NodeKind(
    name="LoraLoaderModelOnly",
    sockets={"model": "MODEL"},
    widgets=("lora_name", "strength_model"),
    outputs=(("MODEL", "MODEL"),),
)
_TEXT_MODEL = NodeKind(
    name="MZ_ChatGLM3Loader", widgets=("chatglm3_checkpoint",), outputs=(("chatglm3_model", "CHATGLM3MODEL"),)
)
_TEXT = NodeKind(
    name="MZ_ChatGLM3_V2",
    sockets={"chatglm3_model": "CHATGLM3MODEL"},
    widgets=("text",),
    outputs=(("CONDITIONING", "CONDITIONING"),),
    takes_dynamic_prompts=True,
)
_LATENT = NodeKind(name="EmptyLatentImage", widgets=("width", "height", "batch_size"), outputs=(("LATENT", "LATENT"),))
_SAMPLE = NodeKind(
    name="KSampler",
    sockets={"model": "MODEL", "positive": "CONDITIONING", "negative": "CONDITIONING", "latent_image": "LATENT"},
    widgets=("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    outputs=(("LATENT", "LATENT"),),
)
_LOAD_VAE = NodeKind(name="VAELoader", widgets=("vae_name",), outputs=(("VAE", "VAE"),))
_DECODE = NodeKind(name="VAEDecode", sockets={"samples": "LATENT", "vae": "VAE"}, outputs=(("IMAGE", "IMAGE"),))
_SAVE = NodeKind(name="SaveImage", sockets={"images": "IMAGE"}, widgets=("filename_prefix",))
_PIPELINE = NodeKind(
    name="DownloadAndLoadKolorsModel", widgets=("model", "precision"), outputs=(("kolors_model", "KOLORSMODEL"),)
)
_NOTEBOOK_LORA = NodeKind(
    name="LoadKolorsLoRA",
    sockets={"kolors_model": "KOLORSMODEL"},
    widgets=("lora_path", "lora_alpha"),
    outputs=(("kolors_model", "KOLORSMODEL"),),
)
_PIPELINE_TEXT_MODEL = NodeKind(
    name="DownloadAndLoadChatGLM3", widgets=("precision",), outputs=(("chatglm3_model", "CHATGLM3MODEL"),)
)
_PIPELINE_TEXT = NodeKind(
    name="KolorsTextEncode",
    sockets={"chatglm3_model": "CHATGLM3MODEL"},
    widgets=("prompt", "negative_prompt", "num_images_per_prompt"),
    outputs=(("kolors_embeds", "KOLORS_EMBEDS"),),
)
_PIPELINE_SAMPLE = NodeKind(
    name="KolorsSampler",
    sockets={"kolors_model": "KOLORSMODEL", "kolors_embeds": "KOLORS_EMBEDS"},
    widgets=("width", "height", "seed", "steps", "cfg", "scheduler"),
    outputs=(("latent", "LATENT"),),
)


def nodes_of(panels: Sequence[PanelElsewhere], *, pack: str, note: str = "") -> list[Node]:
    """One graph for all panels: what is loaded is loaded once, and each set of LoRAs once.

    Args:
        panels: of one family.
        pack: "mz" or "kijai".
        note: shown on the editor's canvas.
    """
    if pack not in PACKS:
        raise ValueError(f"no pack of nodes: {pack}")
    nodes = (_of_models if pack == "mz" else _of_pipelines)(panels)
    return [*nodes, Node(kind=NOTE, title="Story Studio", inputs={"text": note})] if note else nodes


def differences(panels: Sequence[PanelElsewhere], *, pack: str) -> list[Difference]:
    """What comes out otherwise there: always the noise, and what this pack lacks."""
    found = [Difference(code="elsewhere.comfyui_noise", values={})]
    samplers = {panel.recipe.sampler for panel in panels}
    if pack == "kijai":
        found += [
            Difference(code="elsewhere.other_sampler", values={"ours": each, "theirs": _SCHEDULERS[each]})
            for each in sorted(samplers - {"euler"})
        ]
        found += [
            Difference(code="elsewhere.marks_replaced", values={"panel": panel.title or panel.name})
            for panel in panels
            if _without_choices(panel.recipe.prompt + panel.recipe.negative)
            != panel.recipe.prompt + panel.recipe.negative
        ]
        large = {use.name: _alpha(use.alpha, use.strength) for panel in panels for use in panel.loras}
        found += [
            Difference(code="elsewhere.alpha_too_large", values={"name": name, "alpha": f"{alpha:g}", "most": "4"})
            for name, alpha in sorted(large.items())
            if alpha is not None and alpha > _NOTEBOOK_LARGEST_ALPHA
        ]
        found += [
            Difference(code="elsewhere.alpha_unknown", values={"name": name})
            for name, alpha in sorted(large.items())
            if alpha is None
        ]
    return found


def _of_models(panels: Sequence[PanelElsewhere]) -> list[Node]:
    model = Node(kind=_MODEL, inputs={"unet_name": _UNET})
    reader = Node(kind=_TEXT_MODEL, inputs={"chatglm3_checkpoint": _CHATGLM})
    vae = Node(kind=_LOAD_VAE, inputs={"vae_name": _VAE})
    nodes = [model, reader, vae]
    with_loras: dict[object, Node] = {(): model}
    texts: dict[str, Node] = {}

    def text(words: str, title: str) -> Link:
        if words not in texts:
            texts[words] = Node(kind=_TEXT, title=title, inputs={"chatglm3_model": Link(reader), "text": words})
            nodes.append(texts[words])
        return Link(texts[words])

    for panel in panels:
        recipe, title = panel.recipe, panel.title or panel.name
        used: tuple[tuple[str, float], ...] = ()
        for use in panel.loras:
            before, used = with_loras[used], (*used, (use.name, use.strength))
            if used not in with_loras:
                inputs = {"model": Link(before), "lora_name": f"{use.name}.safetensors", "strength_model": use.strength}
                with_loras[used] = Node(kind=_LORA, title=use.name, inputs=inputs)
                nodes.append(with_loras[used])
        positive, negative = text(recipe.prompt, title), text(recipe.negative, "negative")
        size = {"width": recipe.width, "height": recipe.height, "batch_size": 1}
        latent = Node(kind=_LATENT, inputs=size)
        sampler, schedule = _SAMPLERS[recipe.sampler]
        sampled = Node(
            kind=_SAMPLE,
            title=title,
            inputs={
                "model": Link(with_loras[used]),
                "positive": positive,
                "negative": negative,
                "latent_image": Link(latent),
                "seed": recipe.seed,
                "steps": recipe.steps,
                "cfg": recipe.cfg_scale,
                "sampler_name": sampler,
                "scheduler": schedule,
                "denoise": 1.0,
            },
        )
        nodes += [latent, sampled, *_saved(sampled, vae, panel.name)]
    return nodes


def _of_pipelines(panels: Sequence[PanelElsewhere]) -> list[Node]:
    reader = Node(kind=_PIPELINE_TEXT_MODEL, inputs={"precision": "fp16"})
    vae = Node(kind=_LOAD_VAE, inputs={"vae_name": _VAE})
    nodes = [reader, vae]
    models: dict[object, Node] = {}
    for panel in panels:
        recipe, title = panel.recipe, panel.title or panel.name
        used = tuple((use.name, use.strength) for use in panel.loras)
        if used not in models:
            # LoadKolorsLoRA changes the model that it is given, so each set of LoRAs has a model of its own.
            made = [Node(kind=_PIPELINE, inputs={"model": "Kwai-Kolors/Kolors", "precision": "fp16"})]
            for use in panel.loras:
                alpha = _alpha(use.alpha, use.strength)
                inputs = {
                    "kolors_model": Link(made[-1]),
                    "lora_path": f"models/loras/{use.name}.ckpt",
                    "lora_alpha": use.strength if alpha is None else alpha,
                }
                made.append(Node(kind=_NOTEBOOK_LORA, title=use.name, inputs=inputs))
            nodes += made
            models[used] = made[-1]
        text = Node(
            kind=_PIPELINE_TEXT,
            title=title,
            inputs={
                "chatglm3_model": Link(reader),
                "prompt": _without_choices(recipe.prompt),
                "negative_prompt": _without_choices(recipe.negative),
                "num_images_per_prompt": 1,
            },
        )
        sampled = Node(
            kind=_PIPELINE_SAMPLE,
            title=title,
            inputs={
                "kolors_model": Link(models[used]),
                "kolors_embeds": Link(text),
                "width": recipe.width,
                "height": recipe.height,
                "seed": recipe.seed,
                "steps": recipe.steps,
                "cfg": recipe.cfg_scale,
                "scheduler": _SCHEDULERS[recipe.sampler],
            },
        )
        nodes += [text, sampled, *_saved(sampled, vae, panel.name)]
    return nodes


def _saved(sampled: Node, vae: Node, name: str) -> list[Node]:
    decoded = Node(kind=_DECODE, inputs={"samples": Link(sampled), "vae": Link(vae)})
    return [decoded, Node(kind=_SAVE, inputs={"images": Link(decoded), "filename_prefix": name})]


def _alpha(alpha: float | None, strength: float) -> float | None:
    """Peft's alpha for a strength: it divides by the rank as the training did."""
    return None if alpha is None else round(alpha * strength, 6)


def _without_choices(text: str) -> str:
    """KolorsTextEncode takes one part of each `{a|b}` and cuts at every `|`, with no way to escape them: wide forms."""
    return text.translate(str.maketrans("{}|", "｛｝｜"))
