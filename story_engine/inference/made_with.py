"""What paints here: device, threads and versions, as a take records them."""

from __future__ import annotations

import importlib.metadata
import platform

import torch

from story_engine.catalog.devices import processor_name

_PACKAGES = ("torch", "diffsynth", "transformers", "peft", "safetensors", "numpy")


def made_with(device: str) -> dict[str, str]:
    """For the record of a take that this process paints on `device` ("cpu" or "cuda")."""
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    if device.startswith("cuda"):
        name, instructions = torch.cuda.get_device_name(), f"CUDA {torch.version.cuda}"
    else:
        name, instructions = processor_name(), torch.backends.cpu.get_cpu_capability()
    return {
        "device": device,
        "device_name": name,
        "instructions": instructions,
        "threads": str(torch.get_num_threads()),
        "python": platform.python_version(),
        **versions,
    }
