"""The front desk for the LoRA library: one method per thing that a person can ask about LoRAs.

Methods that open tensors (`inspect` the first time, `inspect_file`, `add_file`, `repair`, `convert`) take some seconds:
they do it in a process of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from story_engine.domain.lora import LoraEntry, LoraReport, Repaired, RepairStep
from story_engine.flows import loras
from story_engine.flows.services import Services


@dataclass(frozen=True, slots=True)
class LoraDesk:
    """Everything a person can ask about LoRAs. Reached as `engine.lora_library`."""

    services: Services

    # -- inspecting ----------------------------------------------------------------------------------------------------
    def entries(self) -> tuple[LoraEntry, ...]:
        """The library, last added first; opens no tensors."""
        return self.services.lora_library.entries()

    def entry(self, name: str) -> LoraEntry:
        """One LoRA; a checkpoint of a training is `<run>@<step>`.

        Raises:
            ChooseAnother: there is none of that name.
        """
        return self.services.lora_library.entry(name)

    def inspect(self, name: str) -> LoraReport:
        """What the doctor finds; at once when this content was inspected before.

        Raises:
            ChooseAnother: there is none of that name.
        """
        return loras.inspect(self.services, name)

    def inspect_named(self, text: str) -> LoraReport:
        """What the doctor finds in an entry, a checkpoint of a training, or a file anywhere on this machine.

        Raises:
            ChooseAnother: there is none of that name, and it is no path.
            FixInput: there is no such file.
        """
        return loras.inspect_named(self.services, text)

    def inspect_file(self, path: Path) -> LoraReport:
        """What the doctor finds in a file anywhere on this machine."""
        return loras.inspect_file(self.services, path)

    def used_by(self, name: str) -> tuple[str, ...]:
        """The stories (slugs) that use it, as a whole or in a scene: to be said before it is removed."""
        return loras.used_by(self.services, name)

    # -- adding and removing -------------------------------------------------------------------------------------------
    def add_file(
        self,
        file_name: str,
        content: bytes | Path,
        *,
        name: str | None = None,
        alpha: float | None = None,
        trigger: str | None = None,
    ) -> str:
        """Take a LoRA file into the library; the entry's name.

        Args:
            file_name: what people call the file.
            content: of an upload, or the path of a file that is only read, as a person pasted it.
            name: for the entry; None: made from the title in the file, or its name.
            alpha: that it was trained with, for files that do not say so.
            trigger: the word that calls it; None: what the file says.

        Raises:
            FixInput: with code `loras.alpha_needed` (and its `rank`) to be asked for an alpha; otherwise the file or
                the name cannot be used. Nothing was added.
        """
        return loras.add_file(self.services, file_name, content, name=name, alpha=alpha, trigger=trigger)

    def add_checkpoint(self, run: str, step: int, name: str | None = None, *, strength: float = 1.0) -> str:
        """Take a training's checkpoint into the library; the entry's name. Takes no longer than copying it.

        Raises:
            ChooseAnother: there is no such checkpoint.
            FixInput: the name is not free.
        """
        return loras.add_checkpoint(self.services, run, step, name=name, strength=strength)

    def delete(self, name: str) -> str:
        """Into the trash; the token gives it back. Stories that use it are not changed.

        Raises:
            ChooseAnother: there is none of that name.
        """
        return self.services.lora_library.delete(name)

    def restore(self, token: str) -> str:
        """Undo of `delete`; the name."""
        return self.services.lora_library.restore(token)

    # -- changing ------------------------------------------------------------------------------------------------------
    def rename(self, name: str, new: str) -> tuple[str, ...]:
        """Another name, in the stories that use it too; the slugs of these.

        Raises:
            FixInput: the new name is not fit, or in use.
        """
        return loras.rename(self.services, name, new.strip())

    def set_title(self, name: str, title: str) -> None:
        """What people read above it."""
        self.services.lora_library.change(name, title=title.strip()[:200])

    def set_trigger(self, name: str, trigger: str) -> None:
        """The word that calls it; written into files that are converted from now on. No picture changes."""
        self.services.lora_library.change(name, trigger=trigger.strip()[:200])

    def set_strength(self, name: str, strength: float) -> None:
        """The strength that is recommended for it.

        Raises:
            FixInput: it is outside -5 … 5.
        """
        loras.set_strength(self.services, name, strength)

    def repair(self, name: str, what: str, *, alpha: float | None = None) -> Repaired:
        """Mend it in one way of `domain.lora.REPAIRS`; before and after. What it was is kept until `undo_repair`.

        Raises:
            FixInput: it cannot be mended so; with code `loras.alpha_needed` to be asked for an alpha.
        """
        return loras.repair(self.services, name, what, alpha=alpha)

    def undo_repair(self, name: str) -> RepairStep | None:
        """Take the last repair back, to the bit; which it was."""
        return self.services.lora_library.undo(name)

    # -- out again -----------------------------------------------------------------------------------------------------
    def convert(self, name: str, dialect: str, *, out: Path | None = None) -> Path:
        """Write it as "kohya", "diffusers" or "challenge"; the file. For "challenge" a `.json` with alpha lies beside.

        What would not act in the other tool is known before: `LoraReport.losses`.

        Raises:
            FixInput: there is no such dialect, or the LoRA must be repaired first.
        """
        return loras.convert(self.services, name, dialect, out=out)
