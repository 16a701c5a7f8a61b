"""What other tools call the samplers that the Studio has."""

from __future__ import annotations

import re

_NAMES = {
    "ddim": "ddim",
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


def sampler_of(name: object) -> str | None:
    """Our name for the sampler that A1111, ComfyUI, InvokeAI, SwarmUI, diffusers or DiffSynth calls so.

    None for one that the Studio has not.
    """
    if not isinstance(name, str):
        return None
    return _NAMES.get(re.sub(r"[\s-]+", "_", name.strip().lower()))
