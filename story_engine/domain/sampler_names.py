"""What other tools call the samplers that the Studio has."""

from __future__ import annotations

import re

_NAMES = {
    "ddim": "ddim",
    "ddim_uniform": "ddim",
    "ddimscheduler": "ddim",
    "euler": "euler",
    "eulerdiscretescheduler": "euler",
    "dpm++_2m": "dpmpp_2m_karras",
    "dpmpp_2m": "dpmpp_2m_karras",
    "dpmpp_2m_k": "dpmpp_2m_karras",
    "dpm++_2m_karras": "dpmpp_2m_karras",
    "dpmpp_2m_karras": "dpmpp_2m_karras",
    "dpmsolvermultistepscheduler": "dpmpp_2m_karras",
    "k_euler": "euler",
}
"""In small letters with `_` for blanks; InvokeAI's `dpmpp_2m_k` is DPM++ 2M with the schedule "Karras"."""


def sampler_of(name: object, scheduler: object = "") -> str | None:
    """Our name for the sampler of another tool; None for one that the Studio has not.

    Args:
        name: as A1111, ComfyUI, InvokeAI, SwarmUI, diffusers or DiffSynth write it.
        scheduler: the schedule beside it; with ComfyUI's `ddim_uniform`, Euler takes the very steps of DDIM.
    """
    if not isinstance(name, str):
        return None
    plain = re.sub(r"[\s-]+", "_", name.strip().lower())
    if plain == "euler" and str(scheduler).strip().lower() == "ddim_uniform":
        return "ddim"
    return _NAMES.get(plain)
