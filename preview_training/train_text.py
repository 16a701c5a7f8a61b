"""Gives the text encoder a start: captions to the attributes of their scenes, before any picture is involved.

The UNet then meets embeddings that already tell subjects, places and colours apart. The heads are thrown away.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from preview_training.caption_batches import caption_tokens
from preview_training.device import device_with
from preview_training.text_tokens import encode_tokens
from preview_training.training_run import Moment
from story_engine.preview_model import world
from story_engine.preview_model.architecture import PreviewConfig, PreviewTextEncoder
from story_engine.preview_model.world import DrawnScene

STAGE = "text"
BATCH = 64

_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "subject": world.SUBJECTS,
    "place": world.PLACES,
    "style": world.STYLES,
    "shot": world.SHOTS,
    "time": world.TIMES,
    "colour": world.COLOURS,
    "hair_colour": world.HAIR_COLOURS,
    "hair_length": world.HAIR_LENGTHS,
    "outfit": world.OUTFITS,
    "action": world.ACTIONS,
    "mood": world.MOODS,
    "view": world.VIEWS,
    "prop": world.PROPS,
    "prop_colour": world.COLOURS,
    "degradation": world.DEGRADATIONS,
    "companion": ("none", *world.SUBJECTS),
}


class TextTraining:
    """Losses of reading a scene's attributes off its caption's embedding."""

    def __init__(self, text_encoder: PreviewTextEncoder, scenes: Sequence[DrawnScene], config: PreviewConfig) -> None:
        self.text_encoder = text_encoder
        # Both results of the encoder are read, as the UNet reads both.
        self.heads = nn.ModuleDict(
            {name: nn.Linear(2 * config.text_hidden, len(values)) for name, values in _ATTRIBUTES.items()}
        )
        for parameter in self.heads.parameters():
            nn.init.zeros_(parameter)
        self._device = device_with(text_encoder)
        self.heads.to(self._device)
        self._scenes = scenes
        self._length = config.prompt_tokens

    def losses(self, moment: Moment) -> dict[str, torch.Tensor]:
        """One step's losses; a few attributes are logged one by one."""
        scenes = [self._scenes[index] for index in moment.random.integers(len(self._scenes), size=BATCH)]
        tokens = caption_tokens(scenes, moment.random, length=self._length, empty_share=0.0)
        tokens = {name: values.to(self._device) for name, values in tokens.items()}
        targets = {name: values.to(self._device) for name, values in attribute_indices(scenes).items()}
        with torch.autocast(self._device.type, torch.bfloat16):
            pooled, embedding = encode_tokens(self.text_encoder, tokens)
            mask = tokens["attention_mask"][:, :, None]
            mean = (embedding * mask).sum(1) / mask.sum(1)
            read = torch.cat([pooled, mean], dim=1)
            losses = {
                name: nn.functional.cross_entropy(head(read).float(), targets[name], ignore_index=-1)
                for name, head in self.heads.items()
            }
        shown = {name: losses[name] for name in ("subject", "place", "style", "colour")}
        return {"loss": torch.stack(list(losses.values())).mean(), **shown}


def attribute_indices(scenes: Sequence[DrawnScene]) -> dict[str, torch.Tensor]:
    """Each attribute's value as an index, (batch,) int64; -1 where a scene has no such thing (hair of animals)."""
    rows = [_attributes(scene) for scene in scenes]
    return {
        name: torch.tensor([values.index(row[name]) if name in row else -1 for row in rows])
        for name, values in _ATTRIBUTES.items()
    }


def _attributes(scene: DrawnScene) -> dict[str, str]:
    main = scene.main
    row = {name: getattr(main, name) for name in ("subject", "colour", "action", "mood", "view")}
    row |= {name: getattr(scene, name) for name in ("place", "style", "shot", "time", "prop", "degradation")}
    row["companion"] = scene.companions[0].subject if scene.companions else "none"
    if main.subject in world.PEOPLE:
        row |= {name: getattr(main, name) for name in ("hair_colour", "hair_length", "outfit")}
    if scene.prop != "none":
        row["prop_colour"] = scene.prop_colour
    return row
