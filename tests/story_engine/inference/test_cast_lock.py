"""The hooks of cast lock, on the smallest network."""

from __future__ import annotations

import torch

from story_engine.inference.cast_lock import CastLock, Company, Look
from story_engine.preview_model.architecture import SMALLEST, build_preview

SIZE = (32, 32)


def company(*looks: tuple[Look, ...], still: torch.Tensor | None = None) -> Company:
    count = len(looks)
    noises = tuple(torch.randn(1, 4, *SIZE, generator=torch.Generator().manual_seed(n)) for n in range(count))
    stills = tuple(still if place == count - 1 else None for place in range(count))
    return Company(
        looks=looks,
        seeds=tuple(range(count)),
        stills=stills,
        begin_at=(99,) * count,
        noises=noises,
        adapters=((),) * count,
        size=SIZE,
    )


def predicted(lock: CastLock, unet: torch.nn.Module, given: Company, *, steps: int = 2) -> torch.Tensor:
    """The noise of all rows at the last of some steps that all see the same latents."""
    count = len(given.looks)
    latents = torch.cat(given.noises)
    text = torch.randn(2 * count, 64, SMALLEST.text_hidden, generator=torch.Generator().manual_seed(5))
    pooled = torch.randn(2 * count, SMALLEST.text_hidden, generator=torch.Generator().manual_seed(6))
    found = {}
    with torch.inference_mode():
        for step in range(steps):
            latents = lock.begin_step(step, latents, 1.0)
            rows = latents.repeat(2, 1, 1, 1)
            for some in lock.calls(2 * count, 2):
                sizes = torch.tensor([256.0, 256, 0, 0, 256, 256]).repeat(len(some))
                noise = unet(rows[some], torch.tensor([500.0]), text[some], sizes, pooled[some])
                found |= dict(zip(some, noise, strict=True))
    return torch.stack([found[row] for row in range(2 * count)])


def test_an_anchor_is_what_it_is_without_followers_and_a_follower_is_not() -> None:
    unet = build_preview(SMALLEST).unet
    look = Look(anchor=1, own=(40, 50), theirs=(41, 52))
    bound, free = company((look,), ()), company((), ())

    with CastLock(unet, bound) as lock:
        with_anchor = predicted(lock, unet, bound)
        assert lock.mask(0, (40, 50)) is not None
    with CastLock(unet, free) as lock:
        without = predicted(lock, unet, free)

    assert torch.equal(with_anchor[1::2], without[1::2])
    assert not torch.equal(with_anchor[0], without[0])  # the prompt's row
    assert not torch.equal(with_anchor[2], without[2])  # the one that is guided away from


def test_nothing_is_left_on_the_network_and_other_calls_are_not_touched() -> None:
    unet = build_preview(SMALLEST).unet
    with CastLock(unet, company((Look(anchor=1, own=(40, 50), theirs=(41, 52)),), ())):
        pass

    assert not any(module._forward_pre_hooks for module in unet.modules())


def test_what_an_anchor_shows_is_chosen_by_seed_and_step_and_not_by_the_default_generator() -> None:
    unet = build_preview(SMALLEST).unet
    look = Look(anchor=1, own=(40, 50), theirs=(41, 52), is_masked=False)
    given = company((look,), ())
    results = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        with CastLock(unet, given, most_places=20) as lock:
            results.append(predicted(lock, unet, given))
    with CastLock(unet, given) as lock:
        everything = predicted(lock, unet, given)

    assert torch.equal(*results)
    assert not torch.equal(results[0][0], everything[0])


def test_a_still_is_at_each_step_as_noisy_as_the_pictures_that_look_at_it() -> None:
    unet = build_preview(SMALLEST).unet
    still = torch.ones(1, 4, *SIZE)
    given = company((Look(anchor=1, own=(40, 50), theirs=(41, 52)),), (), still=still)
    with CastLock(unet, given) as lock:
        placed = lock.begin_step(0, torch.zeros(2, 4, *SIZE), 2.0)

    assert torch.equal(placed[0], torch.zeros(4, *SIZE))
    assert torch.allclose(placed[1], (still + 2.0 * given.noises[1])[0] / 5**0.5)
