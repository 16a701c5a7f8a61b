"""Cast lock: while pictures are painted, a character in them looks at the same character in another one, the anchor.

In the U-Net's way up, each place of the character sees the anchor's places of that character as further places of its
own picture (self-attention with more keys). Where a character is, is read off how much each place looks at its words.
No network is changed: hooks hand more keys to `attn1` and look at what `attn2` is given.

Sources of the idea: StoryDiffusion (arXiv:2405.01434) and StyleAligned (arXiv:2312.02133) for shared keys, ConsiStory
(arXiv:2402.03286) for the masks; chance is here a function of seed and step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from diffsynth.models.sd_unet import AttentionBlock, PopBlock
from torch import nn

from story_engine.inference.character_masks import at_layer, mass_on, otsu_mask, whole_map
from story_engine.inference.noise import noised

MOST_PLACES = 1024
"""Of an anchor that a layer shows: a quarter of Kolors' finest self-attention at 1024 x 1024."""
_KEPT = 0.5
"""Of what a step has seen of a character's place, so much is new; the rest is of the steps before."""

Layer = tuple[int, int]
"""Block on the way up, and layer in it."""
Span = tuple[int, int]
"""Tokens of a row that name a character, as a slice of its embedding."""
Maps = dict[tuple[int, Span], torch.Tensor]
"""Picture and character → (rows, columns), 0 … 1, at half the latents' size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One character of one picture, and where it is to be seen how it looks."""

    anchor: int
    """Place of that picture among those that are painted together."""
    own: Span
    theirs: Span
    strength: float = 1.0
    """More than 0; 1: each place of the anchor counts like one of the picture's own."""
    from_step: int = 0
    until_step: int = 1_000_000
    is_masked: bool = True
    """Whether only the character sees and is seen; else everything (for comparison)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Pictures that are painted together with those that they look at.

    All tuples have one entry per picture. A picture that is looked at by others may look at others itself.
    """

    looks: tuple[tuple[Look, ...], ...]
    seeds: tuple[int, ...]
    stills: tuple[torch.Tensor | None, ...]
    """Finished latents, (1, 4, height/8, width/8), of a picture that it is up to the step where it begins."""
    begin_at: tuple[int, ...]
    """Steps; beyond the last one, a picture is not painted but only looked at."""
    noises: tuple[torch.Tensor, ...]
    """What stills are given at each step, and pictures begin from."""
    adapters: tuple[object, ...]
    """What is switched on for a picture, such as its LoRAs."""
    size: tuple[int, int]
    """Rows and columns of latents."""


class CastLock:
    """The hooks of one batch; to be used as a context.

    Args:
        unet: DiffSynth's SDXLUNet of a Kolors family.
        company: the pictures.
        activate: switches a picture's adapters on.
        most_places: of an anchor's character that a layer shows.
        maps: what an earlier lock knew of these pictures, when they go on from where they are.
    """

    def __init__(
        self,
        unet: nn.Module,
        company: Company,
        *,
        activate: Callable[[Any], None] = lambda _: None,
        most_places: int = MOST_PLACES,
        maps: Maps | None = None,
    ) -> None:
        self._unet, self._company, self._activate, self._most = unet, company, activate, most_places
        self._depths = _depths(company.looks)
        self._spans = _spans(company.looks)
        self._map_size = (company.size[0] // 2, company.size[1] // 2)
        self._maps: Maps = dict(maps or {})
        self._masks: dict[tuple[int, Span], torch.Tensor] = {}
        self._sums: dict[tuple[int, Span], list[torch.Tensor]] = {}
        self._shown: dict[tuple[Layer, int, int, Span | None], torch.Tensor] = {}
        self._step = 0
        self._rows: list[tuple[int, int]] = []
        """Of the call that is under way: picture, and 0 for its prompt's row or 1 for the one guided away from."""
        self._handles: list[Any] = []

    def __enter__(self) -> CastLock:
        finer = finer_blocks(self._unet)
        for number, block in enumerate(_way_up(self._unet)):
            for depth, transformer in enumerate(block.transformer_blocks):
                share = self._shares((number, depth))
                self._handles.append(transformer.attn1.register_forward_pre_hook(share, with_kwargs=True))
                if block in finer:
                    self._handles.append(transformer.attn2.register_forward_pre_hook(self._watches, with_kwargs=True))
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()
        self._shown.clear()
        self._rows = []

    def begin_step(self, step: int, latents: torch.Tensor, level: float) -> torch.Tensor:
        """The latents of all pictures at this step: those that have not begun are put there at its noise level (σ)."""
        self._step = step
        self._shown.clear()
        self._masks = {key: otsu_mask(found) for key, found in self.maps().items()}
        placed = latents.clone()
        for place, (still, begins) in enumerate(zip(self._company.stills, self._company.begin_at, strict=True)):
            if still is not None and step <= begins:
                placed[place : place + 1] = noised(still, self._company.noises[place].to(latents), level)
        return placed

    def calls(self, rows: int, rows_per_call: int) -> Iterator[list[int]]:
        """Which of the `rows` (all prompts, then all that is guided away from) go through the network together.

        What is looked at comes before those that look; the network is to be called with each before the next is asked.
        Each picture goes alone: whether a place belongs to a character is yes or no, and the last bits, which depend on
        the company, could decide it.
        """
        pictures = len(self._company.looks)
        for picture in sorted(range(pictures), key=self._depths.__getitem__):
            if len(set(self._company.adapters)) > 1:
                self._activate(self._company.adapters[picture])
            own = list(range(picture, rows, pictures))
            for start in range(0, len(own), rows_per_call):
                some = own[start : start + rows_per_call]
                self._rows = [(row % pictures, row // pictures) for row in some]
                yield some
        self._rows = []

    def maps(self) -> Maps:
        """How much each place has looked at each character's words up to now; for another lock to go on with."""
        for key, sums in self._sums.items():
            fresh = torch.stack(sums).mean(0)
            before = self._maps.get(key)
            self._maps[key] = fresh if before is None else _KEPT * fresh + (1 - _KEPT) * before
        self._sums.clear()
        return dict(self._maps)

    def mask(self, picture: int, span: Span) -> torch.Tensor | None:
        """(rows, columns) bool, at half the latents' size: where the character is taken to be; None before step 1."""
        return self._masks.get((picture, span))

    def _watches(self, attention: Any, args: tuple[Any, ...], given: dict[str, Any]) -> None:
        """Note how much each place looks at the characters' words; only rows of prompts have such words."""
        hidden, text = args[0], given.get("encoder_hidden_states")
        for place, (picture, kind) in enumerate(self._rows):
            spans = self._spans[picture]
            if kind or not spans or text is None:
                continue
            masses = mass_on(attention, hidden[place], text[place], [slice(*span) for span in spans])
            for span, mass in zip(spans, masses, strict=True):
                self._sums.setdefault((picture, span), []).append(whole_map(mass, self._map_size))

    def _shares(self, layer: Layer) -> Callable[..., tuple[tuple[Any, ...], dict[str, Any]] | None]:
        def share(
            _: nn.Module, args: tuple[Any, ...], given: dict[str, Any]
        ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
            if not self._rows or given.get("encoder_hidden_states") is not None:
                return None
            hidden: torch.Tensor = args[0]
            self._show(layer, hidden)
            return self._with_more_keys(layer, hidden, args, given)

        return share

    def _show(self, layer: Layer, hidden: torch.Tensor) -> None:
        """Keep what others will look at."""
        for place, (picture, kind) in enumerate(self._rows):
            for span in self._wanted(picture):
                chosen = self._chosen(picture, span, hidden.shape[1])
                if chosen is not None:
                    self._shown[layer, picture, kind, span] = hidden[place, chosen.to(hidden.device)]

    def _wanted(self, picture: int) -> set[Span | None]:
        """Which characters of a picture others look at in this step; None: all of it."""
        return {
            look.theirs if look.is_masked else None
            for looks in self._company.looks
            for look in looks
            if look.anchor == picture and look.from_step <= self._step < look.until_step
        }

    def _chosen(self, picture: int, span: Span | None, places: int) -> torch.Tensor | None:
        """Places of a character in a layer, at most `most_places` of them, by chance that seed and step decide."""
        if span is None:
            inside = torch.arange(places)
        elif (mask := self._masks.get((picture, span))) is not None:
            inside = at_layer(mask, places).nonzero()[:, 0].cpu()
        else:
            return None
        if len(inside) <= self._most:
            return inside
        chance = torch.Generator().manual_seed((self._company.seeds[picture] * 1009 + self._step) % 2**63)
        return inside[torch.randperm(len(inside), generator=chance)[: self._most].sort().values]

    def _with_more_keys(
        self, layer: Layer, hidden: torch.Tensor, args: tuple[Any, ...], given: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        own = hidden.shape[1]
        seen = [self._seen(layer, row, own) for row in self._rows]
        most = max((sum(len(keys) for keys, _ in each) for each in seen), default=0)
        if most == 0:
            return None
        more = hidden.new_zeros(len(seen), most, hidden.shape[2])
        bias = hidden.new_full((len(seen), 1, own, own + most), -math.inf)
        bias[..., :own] = 0
        for place, each in enumerate(seen):
            at = 0
            for keys, weights in each:
                more[place, at : at + len(keys)] = keys
                bias[place, 0, :, own + at : own + at + len(keys)] = weights.to(bias)[:, None]
                at += len(keys)
        return args, {**given, "encoder_hidden_states": torch.cat([hidden, more], dim=1), "attn_mask": bias}

    def _seen(self, layer: Layer, row: tuple[int, int], places: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """What a row looks at: keys, and for each of its own places what is added to how much that place sees them."""
        found = []
        picture, kind = row
        for look in self._company.looks[picture]:
            keys = self._shown.get((layer, look.anchor, kind, look.theirs if look.is_masked else None))
            mask = self._masks.get((picture, look.own))
            if keys is None or not look.from_step <= self._step < look.until_step:
                continue
            weights = torch.full((places,), math.log(look.strength))
            if look.is_masked:
                if mask is None:
                    continue
                weights[~at_layer(mask, places).cpu()] = -math.inf
            found.append((keys, weights))
        return found


def finer_blocks(unet: Any) -> list[Any]:
    """The half of its blocks on the way up that see more places: they know better where something is."""
    blocks = _way_up(unet)
    return blocks[len(blocks) // 2 :]


def _way_up(unet: Any) -> list[Any]:
    """Its blocks of attention behind the first skip that is taken up again."""
    blocks = list(unet.blocks)
    first = next(place for place, block in enumerate(blocks) if isinstance(block, PopBlock))
    return [block for block in blocks[first:] if isinstance(block, AttentionBlock)]


def _depths(looks: Sequence[Sequence[Look]]) -> list[int]:
    """How many pictures lie between each and those that look at nothing."""
    known: dict[int, int] = {}

    def depth(place: int) -> int:
        if place not in known:
            known[place] = max((depth(look.anchor) + 1 for look in looks[place]), default=0)
        return known[place]

    return [depth(place) for place in range(len(looks))]


def _spans(looks: Sequence[Sequence[Look]]) -> list[list[Span]]:
    """Whose place has to be known in each picture."""
    found: list[dict[Span, None]] = [{} for _ in looks]
    for place, some in enumerate(looks):
        for look in some:
            found[place][look.own] = None
            found[look.anchor][look.theirs] = None
    return [list(each) for each in found]
