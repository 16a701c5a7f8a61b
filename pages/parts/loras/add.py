"""LoRA files from outside: an upload or a file of this machine, with the question for an alpha that no file tells."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import language, plain, say
from story_engine import flows
from story_engine.errors import FixInput, StudioError

KINDS = ["safetensors", "ckpt", "pt", "pth", "bin"]
LARGEST_UPLOAD_MB = 500
"""An upload is held in memory; a larger file is read from where it lies on the machine."""
_ASKED, _FAULT, _COUNT = "lora-alpha-asked", "lora-add-fault", "lora-uploads"
_CHALLENGE_ALPHA = 4.0


def opened_lora() -> str | None:
    """Name of the LoRA that the address opens."""
    return st.query_params.get("lora") or None


def open_lora(name: str | None) -> None:
    """Open a LoRA, or the library."""
    if name is None:
        st.query_params.pop("lora", None)
    else:
        st.query_params["lora"] = name


def draw() -> None:
    """Upload and path; what is wrong with the file stays beside it until another is chosen."""
    # New keys after each file: what has been taken in is not offered twice.
    count = st.session_state.get(_COUNT, 0)
    key, path_key = f"lora-file-{count}", f"lora-path-{count}"
    upload = st.file_uploader(
        say("lora.upload"), type=KINDS, key=key, max_upload_size=LARGEST_UPLOAD_MB, on_change=_forget
    )
    if not services().is_member:
        st.text_input(
            say("lora.path"),
            key=path_key,
            placeholder="/home/me/epoch=0-step=500.ckpt",
            on_change=_forget,
            disabled=upload is not None,
        )
    path = str(st.session_state.get(path_key) or "").strip()
    asked: dict[str, object] | None = st.session_state.get(_ASKED)
    alpha = _draw_alpha(asked) if asked is not None else None
    fault: StudioError | None = st.session_state.get(_FAULT)
    if fault is not None:
        st.error(plain(fault.text(language())), icon=":material/error:")
    ready = upload is not None or bool(path)
    if st.button(say("lora.take_in"), key="lora-take-in", type="primary", disabled=not ready, width="stretch"):
        with st.spinner(say("lora.looking")):
            if upload is not None:
                _take_in(upload.name, upload.getvalue(), alpha)
            else:
                _take_in(path, Path(path), alpha)
        st.rerun()


def _draw_alpha(asked: dict[str, object]) -> float:
    """The question, with what each answer does."""
    rank = int(str(asked["rank"]).rpartition(",")[2])  # of several the largest
    choices = {"challenge": _CHALLENGE_ALPHA, "rank": float(rank), "other": None}
    st.info(say("lora.alpha_asked", file=plain(str(asked["file"])), rank=rank), icon=":material/help:")
    titles = {
        "challenge": say("lora.alpha_challenge", rank=rank, scale=f"{_CHALLENGE_ALPHA / rank:g}"),
        "rank": say("lora.alpha_rank", rank=rank),
        "other": say("lora.alpha_other"),
    }
    choice = st.radio(say("lora.alpha"), list(choices), format_func=titles.__getitem__, key="lora-alpha-choice")
    stated = choices[choice or "challenge"]
    if stated is None:
        stated = st.number_input(
            say("lora.alpha"), min_value=0.01, value=float(rank), step=1.0, key="lora-alpha-number"
        )
        st.caption(say("lora.alpha_scale", scale=f"{stated / rank:g}"))
    return stated


def _take_in(file_name: str, content: bytes | Path, alpha: float | None) -> None:
    st.session_state.pop(_FAULT, None)
    try:
        name = flows.loras.add_file(services(), file_name, content, alpha=alpha)
    except FixInput as error:
        if error.code == "loras.alpha_needed":
            st.session_state[_ASKED] = error.values
        else:
            st.session_state[_FAULT] = error
    except StudioError as error:
        st.session_state[_FAULT] = error
    except Exception as error:  # a bug, shown and logged in the one place for that
        notices.attempt(_again, error)
    else:
        _forget()
        st.session_state[_COUNT] = st.session_state.get(_COUNT, 0) + 1
        open_lora(name)
        notices.tell("lora.added", name=name)


def _again(error: Exception) -> None:
    raise error


def _forget() -> None:
    """Another file: what was asked about the last one is over."""
    st.session_state.pop(_ASKED, None)
    st.session_state.pop(_FAULT, None)
