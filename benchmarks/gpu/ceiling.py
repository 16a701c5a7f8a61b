"""What the device can do at best, how much of it the denoising loop reaches, and where its time goes."""

from __future__ import annotations

import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.gpu.bench import Bench
from benchmarks.gpu.painting import unet_of
from benchmarks.gpu.results import Result, Results
from story_engine.domain.family import PIXELS_PER_LATENT
from story_engine.inference.render import Renderer

_PRODUCTS = 10
_CALLS = 3
_TERA = 1e12
_WORDS = "一步"
"""Always the same: for new ones the encoder would come, and under some plans the U-Net leave."""
_KINDS = (
    ("attention", ("attention",)),
    ("convolutions", ("convolution", "conv2d")),
    ("matrix products", ("mm", "linear", "matmul")),
    ("normalisations", ("norm", "var_mean")),
)
"""Kind → what the names of torch's operations have in them; the first that fits counts. The rest goes pixel by pixel:
sums, activations, copies.
"""


def matrix_ceiling(bench: Bench) -> Result:
    """The fastest of some square products of random numbers in the precision that painting has."""
    best, side_of_best = 0.0, 0
    for side in bench.sizes.matrix_sides:
        first, second = (torch.randn(side, side, device=bench.device, dtype=bench.dtype) for _ in range(2))

        def products(first: torch.Tensor = first, second: torch.Tensor = second) -> None:
            for _ in range(_PRODUCTS):
                first @ second

        products()
        rate = 2 * side**3 * _PRODUCTS / bench.timed(products) / _TERA
        if rate > best:
            best, side_of_best = rate, side
    said = f"{best:.1f} TFLOP/s in {bench.precision}, products of {side_of_best}²"
    return Result("ceiling", said=said, figures={"teraflops": best})


def where_time_goes(bench: Bench, results: Results) -> Result:
    """One call of the U-Net as the loop makes it: its operations counted, timed, and sorted by kind."""
    renderer = bench.renderer()
    renderer.render(bench.recipes(_WORDS, steps=1))
    unet, rows = unet_of(renderer), _rows(bench, renderer)
    side = bench.sizes.side // PIXELS_PER_LATENT
    width = bench.sizes.text_encoder["hidden_size"]
    given = {"device": bench.device, "dtype": bench.dtype}
    latents, text = torch.randn(rows, 4, side, side, **given), torch.randn(rows, 256, width, **given)
    pooled = torch.randn(rows, width, **given)
    pixels = bench.sizes.side
    sizes = torch.tensor([pixels, pixels, 0, 0, pixels, pixels], device=bench.device).repeat(rows)
    timestep = torch.tensor([500.0], device=bench.device)

    @torch.inference_mode()
    def call() -> None:
        for _ in range(_CALLS):
            unet(latents, timestep, text, sizes, pooled)

    call()
    with FlopCounterMode(display=False) as counter:
        call()
    seconds = bench.timed(call) / _CALLS
    teraflop = counter.get_total_flops() / _CALLS / _TERA
    shares = _shares(bench, call)
    ceiling = results.lines.get("ceiling")
    reached = teraflop / seconds / ceiling.figures["teraflops"] if ceiling else None
    of_ceiling = f", {reached:.0%} of the ceiling (aim ≥ 50 %)" if reached else ""
    listed = ", ".join(f"{kind} {share:.0%}" for kind, share in shares.items())
    return Result(
        "where time goes",
        seconds=seconds,
        said=f"one call of {rows} rows: {teraflop:.2f} TFLOP, {teraflop / seconds:.1f} TFLOP/s{of_ceiling}; {listed}",
        figures={"rows": rows, "teraflop": teraflop, "share_of_ceiling": reached, "shares": shares},
    )


def _rows(bench: Bench, renderer: Renderer) -> int:
    """That the loop passes in one call here."""
    seen: list[int] = []

    def see(module: torch.nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        del module
        seen.append(len(given[0]))

    hook = unet_of(renderer).register_forward_pre_hook(see)
    renderer.render(bench.recipes(_WORDS, steps=1))
    hook.remove()
    return max(seen)


def _shares(bench: Bench, call: object) -> dict[str, float]:
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if bench.is_gpu else [])]
    with profile(activities=activities) as recorded:
        call()  # type: ignore[operator]
        bench.wait()
    took: dict[str, float] = {}
    for event in recorded.key_averages():
        own = event.self_device_time_total if bench.is_gpu else event.self_cpu_time_total
        if event.key.startswith("aten::") and own > 0:
            kind = next((kind for kind, marks in _KINDS if any(mark in event.key for mark in marks)), "pixel by pixel")
            took[kind] = took.get(kind, 0.0) + own
    whole = sum(took.values())
    return {kind: round(part / whole, 4) for kind, part in sorted(took.items(), key=lambda each: -each[1])}
