"""The process that opens LoRA files: `python -m story_engine.jobs.work.lora_child`.

One request per line on standard input, one answer per line on standard output; it ends with its standard input, or
when nobody asked for a while. Torch stays out of the process that serves pages, and a file that wants all memory ends
this one alone.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from story_engine.domain.lora import LoraReport
from story_engine.errors import FixInput, StudioError
from story_engine.formats.lora_metadata import LEFT_OUT_KEY, left_out_of
from story_engine.formats.safetensors_header import HeaderError, read_header
from story_engine.jobs.wire import Message, Voice, decoded
from story_engine.lora_files.doctor import examine
from story_engine.lora_files.read import read_lora
from story_engine.lora_files.repair import repaired
from story_engine.lora_files.shapes import base_shapes
from story_engine.lora_files.write import write_lora
from story_engine.store.atomic import write_bytes
from story_engine.store.members import layout_at

IDLE_SECONDS = 20.0
MEMORY_BYTES = 6 << 30
"""Private memory: the largest file is 2 GB, and it is held twice while it is written again."""


def main() -> None:
    """Answer until nobody asks."""
    _limit_memory()
    voice = Voice()
    log = ""
    requests: queue.Queue[Message | None] = queue.Queue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    with contextlib.suppress(queue.Empty):
        while (request := requests.get(timeout=IDLE_SECONDS)) is not None:
            if request.get("log", log) != log:
                log = request["log"]
                _write_into(log)
            voice.say(**_answered(request))


def _listen(requests: queue.Queue[Message | None]) -> None:
    for request in decoded(sys.stdin.buffer):
        requests.put(request)
    requests.put(None)


def _write_into(log: str) -> None:
    """What is printed goes where the request says: two workspaces may share this process, and each has its log."""
    sys.stderr.flush()
    with contextlib.ExitStack() as opened:
        try:
            Path(log).parent.mkdir(parents=True, exist_ok=True)
            file = opened.enter_context(Path(log).open("ab"))
        except OSError:  # a workspace that cannot be written must not keep LoRAs from being read
            file = opened.enter_context(Path(os.devnull).open("ab"))
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)


def _answered(request: Message) -> Message:
    try:
        return _answer(request)
    except StudioError as error:
        return {"refused": error.code, "values": error.values}
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return {"refused": "models.lora_unreadable", "values": {"file": Path(request["path"]).name, "reason": reason}}
    except Exception as error:
        file = Path(request["path"]).name
        if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "allocate" in str(error)):
            return {"refused": "loras.too_much_memory", "values": {"file": file}}
        traceback.print_exc()  # standard error is the log that the answer names
        return {"refused": "loras.failed", "values": {"file": file, "reason": f"{type(error).__name__}: {error}"[:200]}}


def _answer(request: Message) -> Message:
    path, alpha = Path(request["path"]), request.get("alpha")
    bases = base_shapes(layout_at(Path(request["workspace"]), Path(request["stories"])))
    into = Path(request["into"]) if "into" in request else path
    if request["do"] == "take_in":
        return {"report": _take_in(path, into, alpha=alpha, bases=bases).model_dump(mode="json")}
    if request["do"] == "repair":
        before = examine(path, bases=bases)
        write_bytes(into, repaired(path, request["what"], alpha=alpha))
        after = examine(into, bases=bases)
        return {"before": before.model_dump(mode="json"), "after": after.model_dump(mode="json")}
    if request["do"] == "convert":
        _convert(path, into, request)
        return {}
    return {"report": examine(path, bases=bases, alpha=alpha).model_dump(mode="json")}


def _take_in(path: Path, into: Path, *, alpha: float | None, bases: Any) -> LoraReport:
    """Copy a LoRA that can be used, or mended, to `into`: as it is, or with its alpha written into it.

    Raises:
        FixInput: it cannot be read, was made for another base, or leaves its alpha open.
    """
    report = examine(path, bases=bases)
    if not report.layers:
        first = report.findings[0]
        code = "loras.other_method" if first.code == "loras.doctor_other_method" else first.code
        raise FixInput(code, **({"file": path.name} | first.values))
    if not report.families:
        other = next(finding for finding in report.findings if finding.code == "loras.doctor_other_base")
        raise FixInput("loras.other_base", file=path.name, **other.values)
    stated = [layer.alpha for layer in report.layers if layer.alpha is not None]
    if alpha is not None and report.alpha_source in ("tensors", "metadata"):
        others = [each for each in stated if abs(alpha - each) > 1e-6 * each]
        if others:
            raise FixInput("loras.other_alpha", file=path.name, recorded=f"{others[0]:g}", given=f"{alpha:g}")
    if not report.alpha_source and not stated and alpha is None and report.ranks:
        ranks = ", ".join(map(str, report.ranks))
        raise FixInput("loras.alpha_needed", file=path.name, rank=report.ranks[0] if len(report.ranks) == 1 else ranks)
    is_given = alpha is not None and report.alpha_source not in ("tensors", "metadata")
    if report.format == "checkpoint" or report.alpha_source == "beside" or is_given:
        write_bytes(into, repaired(path, "alpha" if is_given else "convert", alpha=alpha))
    else:
        write_bytes(into, path.read_bytes())
    return examine(into, bases=bases)


def _convert(path: Path, into: Path, request: Message) -> None:
    """Write a LoRA for another tool; what it leaves out stands in its metadata.

    Raises:
        FixInput: it cannot be used as it is, or the dialect would lose a part of it.
    """
    weights = read_lora(path, alpha=request.get("alpha"))
    metadata: dict[str, str] = {}
    with contextlib.suppress(HeaderError, OSError):
        metadata = dict(read_header(path).metadata)
    metadata |= request.get("metadata", {})
    if weights.of_text_encoder:
        metadata[LEFT_OUT_KEY] = str(weights.of_text_encoder + left_out_of(metadata))
    write_lora(into, weights, dialect=request["dialect"], metadata=metadata)


def _limit_memory() -> None:
    """So that a file that wants all memory is refused, and nothing else on the machine suffers."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(ValueError, OSError):
        # Not the address space, of which torch alone reserves gigabytes.
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
