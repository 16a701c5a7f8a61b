"""What the `models` commands print: each report as a JSON object and as text."""

from __future__ import annotations

from dataclasses import asdict

from story_engine import flows
from story_engine.cli.report import Report
from story_engine.domain.job_result import Failure, VerifyResult
from story_engine.domain.views import FamilyState, ModelPlace
from story_engine.flows.models import HubSettings
from story_engine.flows.services import Services
from story_engine.messages import message

_AGAINST = {
    "hub": "compared with what the hub says now",
    "kept": "compared with what the hub said",
    "": "looked at by their structure: no published list is known",
}


def models_report(services: Services) -> tuple[Report, str]:
    """The machine, every model with its files and folders, and the hub."""
    machine = flows.machine.inspect(services)
    states = flows.models.states(services)
    hub = flows.models.hub(services)
    lines = [f"{machine.device}, {machine.memory_bytes / 2**30:.0f} GiB; scorer: {machine.scorer}"]
    lines += [line for state in states for line in state_lines(state)]
    lines.append(f"hub: {hub.address}")
    lines += [f"looked for in: {folder}" for folder in hub.folders]
    report: Report = {
        "device": machine.device,
        "gpus": machine.gpus,
        "memory_bytes": machine.memory_bytes,
        "scorer": machine.scorer,
        "dispatcher": machine.dispatcher,
        "families": [state_report(state) for state in states if state.name in {each.name for each in machine.families}],
        "models": [state_report(state) for state in states],
        "hub": hub_report(hub),
    }
    return report, "\n".join(lines)


def state_report(state: FamilyState) -> Report:
    """One model."""
    return {
        "name": state.name,
        "title": state.title,
        "ready": state.ready,
        "is_needed": state.is_needed,
        "folder": str(state.folder or ""),
        "source": state.source,
        "can_download": state.can_download,
        "size_bytes": state.size_bytes,
        "missing_bytes": state.missing_bytes,
        "received_bytes": state.received_bytes,
        "files": [asdict(file) for file in state.files],
        "places": [_place_report(place) for place in state.places],
        "faults": [message(fault.code, "en", **fault.values) for fault in state.faults],
        "licence": None
        if state.licence is None
        else {"version": state.licence.version, "url": state.licence.url, "accepted_at": state.accepted_at},
    }


def state_lines(state: FamilyState) -> list[str]:
    """One model for people."""
    if not state.is_needed:
        where = f" (it lies in {state.folder})" if state.ready else ""
        return [f"{state.name}: not needed{where}", f"    {message('models.not_needed', 'en', name=state.name)}"]
    lines = [f"{state.name}: {'ready' if state.ready else 'not ready'}, {state.folder}, {_megabytes(state.size_bytes)}"]
    if not state.ready and state.can_download:
        here = (
            f"{_megabytes(state.received_bytes)} are here, {_megabytes(state.missing_bytes)} come from {state.source}"
        )
        lines.append(f"    {here}")
    if state.licence is not None:
        accepted = f"accepted {state.accepted_at}" if state.accepted_at else "not accepted yet"
        lines.append(f"    licence of {state.licence.version}, {accepted}: {state.licence.url}")
    lines += [f"    ! {_text(fault)}" for fault in state.faults]
    for file in state.files:
        if not state.ready or file.state != "present":
            arrived = f", {_megabytes(file.received_bytes)} of it arrived" if file.received_bytes else ""
            lines.append(f"    {file.state:<10} {file.size_bytes / 2**20:>9.1f} MiB  {file.path}{arrived}")
    for place in state.places:
        lines += _place_lines(place)
    return lines


def verify_lines(result: VerifyResult) -> list[str]:
    """What a verification found, for people."""
    against = _AGAINST[result.source] + (f" on {result.asked_at}" if result.source == "kept" else "")
    lines = [f"{result.family}: {len(result.files)} files in {result.folder}, {against}"]
    for file in result.files:
        note = f" (published with {file.published_bytes:,} bytes)" if file.published_bytes else ""
        lines.append(f"    {file.state:<12} {file.size_bytes:>14,} bytes  {file.path}{note}")
    if result.aside:
        lines.append(f"    fetch again: python -m story_engine models download {result.family}")
    elif result.wrong:
        lines.append("    nothing was touched; a download brings what is missing into the workspace")
    return lines


def hub_report(hub: HubSettings) -> Report:
    """Where models come from; of the token, whether there is one."""
    return asdict(hub)


def _place_report(place: ModelPlace) -> Report:
    return {
        "folder": str(place.folder),
        "is_whole": place.is_whole,
        "counts": place.counts,
        "missing": [{"file": name, "state": state} for name, state in place.missing],
        "faults": [_text(fault) for fault in place.faults],
    }


def _place_lines(place: ModelPlace) -> list[str]:
    kind = "used" if place.counts else "whole" if place.is_whole else "in part"
    lines = [f"    {kind:<10} {place.folder}"]
    lines += [f"               {_text(fault)}" for fault in place.faults]
    listed = ", ".join(f"{name} ({state})" for name, state in place.missing[:4])
    return lines + ([f"               without {listed}"] if listed else [])


def _text(fault: Failure) -> str:
    return message(fault.code, "en", **fault.values)


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.0f} MB"
