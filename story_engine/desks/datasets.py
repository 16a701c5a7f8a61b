"""The front desk for datasets: one method per thing that a person can ask about training pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from story_engine.domain.clinic import CHALLENGE_STEPS, Examination
from story_engine.domain.dataset import Dataset, Filters, UndoStep
from story_engine.domain.picture_import import PictureImport
from story_engine.domain.views import Submitted
from story_engine.errors import Wait
from story_engine.flows import dataset_captions, dataset_export, dataset_import, dataset_score, dataset_view
from story_engine.flows.dataset_view import DatasetCard, DatasetLook, TrainingPicture
from story_engine.flows.services import Services


@dataclass(frozen=True, slots=True)
class DatasetDesk:
    """Everything a person can ask about datasets. Reached as `engine.datasets`."""

    services: Services
    user: str

    # -- the datasets --------------------------------------------------------------------------------------------------
    def names(self) -> tuple[str, ...]:
        """All datasets, last changed first."""
        return self.services.datasets.names()

    def cards(self) -> tuple[DatasetCard, ...]:
        """All datasets with titles, last changed first; damaged ones with the reason."""
        return dataset_view.cards(self.services)

    def title(self, name: str) -> str:
        """What a person called it."""
        return self.services.datasets.load(name).title

    def create(self, title: str) -> str:
        """An empty dataset; its name."""
        return self.services.datasets.create(title)

    def delete(self, name: str) -> str:
        """Into the trash, pictures and all; the token gives it back.

        Raises:
            Wait: pictures are being brought in.
        """
        importing = self.services.imports.state(name)
        if importing is not None and importing.is_active:
            raise Wait("dataset.import_running", name=name)
        return self.services.datasets.delete(name)

    def restore(self, token: str) -> str:
        """Undo of `delete`; the name."""
        return self.services.datasets.restore(token)

    def look(self, name: str) -> DatasetLook:
        """The dataset with what its filters keep and drop.

        Raises:
            ChooseAnother: there is none of that name.
        """
        return dataset_view.look(self.services, name)

    def picture(self, name: str, file: str) -> Path:
        """A picture as it is trained on."""
        return self.services.datasets.picture(name, file)

    def thumbnail(self, name: str, file: str) -> Path:
        """A small JPEG of it."""
        return self.services.datasets.thumbnail(name, file)

    # -- bringing pictures in ------------------------------------------------------------------------------------------
    def bring_files(self, name: str, files: Sequence[tuple[str, bytes]]) -> None:
        """Uploads as (name, content): pictures, zips, `metadata.csv`, `metadata.jsonl`, texts beside pictures."""
        dataset_import.bring_files(self.services, name, files)

    def bring_folder(self, name: str, folder: str) -> None:
        """All pictures of a folder on this machine."""
        dataset_import.bring_folder(self.services, name, folder)

    def bring_paths(self, name: str, paths: Sequence[Path]) -> None:
        """Files and folders of this machine together."""
        dataset_import.bring_paths(self.services, name, paths)

    def check_paths(self, paths: Sequence[Path]) -> None:
        """Whether there is something to bring at each of them.

        Raises:
            FixInput: one of them does not exist.
        """
        dataset_import.sources_of(paths)

    def bring_sample(self, name: str, style: str, *, language: str) -> None:
        """The project's own drawings in one style, captioned in "zh" or "en"."""
        dataset_import.bring_sample(self.services, name, style, language=language)

    def bring_modelscope(self, name: str, hub_name: str, *, subset: str = "default", split: str = "train") -> None:
        """A ModelScope dataset by its name."""
        dataset_import.bring_modelscope(self.services, name, hub_name, subset=subset, split=split)

    def picture_import(self, name: str) -> PictureImport | None:
        """How far the last import is, and what it refused."""
        return self.services.imports.state(name)

    def stop_import(self, name: str) -> None:
        """Ask a running import to stop; what was taken in stays."""
        self.services.imports.stop(name)

    def resume_import(self, name: str) -> None:
        """Go on with an import that was interrupted or failed."""
        self.services.imports.resume(name)

    def forget_import(self, name: str) -> None:
        """Clear the report of the last import."""
        self.services.imports.forget(name)

    def remove(self, name: str, files: Sequence[str]) -> int:
        """Delete pictures for good; how many."""
        return self.services.datasets.remove(name, files)

    # -- captions ------------------------------------------------------------------------------------------------------
    def edit_caption(self, name: str, file: str, caption: str, *, seen: str | None = None) -> Dataset:
        """One caption.

        Raises:
            EditConflict: another tab changed it since `seen`; both texts are in the error.
        """
        return self.services.captions.edit_caption(name, file, caption, seen=seen)

    def set_captions(self, name: str, text: str, *, files: Sequence[str] | None = None) -> int:
        """The same caption for `files` (None: all that are kept); how many changed."""
        return dataset_captions.set_all(self.services, name, files, text)

    def prefix_captions(self, name: str, text: str, *, files: Sequence[str] | None = None) -> int:
        """`text` in front of each caption; how many changed."""
        return dataset_captions.prefix(self.services, name, files, text)

    def replace_in_captions(self, name: str, find: str, by: str, *, files: Sequence[str] | None = None) -> int:
        """Every `find` becomes `by`; how many captions changed."""
        return dataset_captions.replace(self.services, name, files, find, by)

    def set_trigger(self, name: str, trigger: str) -> Dataset:
        """Which word shall call what is trained."""
        return dataset_captions.set_trigger(self.services, name, trigger)

    def put_trigger_in_front(self, name: str, *, files: Sequence[str] | None = None) -> int:
        """The trigger word in front of each caption that does not begin with it; how many changed."""
        return dataset_captions.put_trigger_in_front(self.services, name, files)

    def undo(self, name: str) -> UndoStep | None:
        """Take the last change of captions (or of what is left out) back."""
        return self.services.captions.undo(name)

    # -- filters -------------------------------------------------------------------------------------------------------
    def set_filters(self, name: str, filters: Filters) -> DatasetLook:
        """Other filters; nothing is deleted by them."""
        self.services.datasets.change(name, lambda dataset: dataset.model_copy(update={"filters": filters}))
        return self.look(name)

    def leave_out(self, name: str, files: Sequence[str], *, is_out: bool = True) -> int:
        """Take pictures out of the training by hand, or in again."""
        return self.services.captions.leave_out(name, files, is_out=is_out)

    def score(self, name: str) -> Submitted:
        """Score the pictures that the present scorer has not scored."""
        return dataset_score.score(self.services, name, user=self.user)

    def clinic(self, name: str, *, side: int = 1024, steps: int = CHALLENGE_STEPS, batch_size: int = 1) -> Examination:
        """What the pictures and captions tell about the training to come.

        Args:
            name: of the dataset.
            side: of the training pictures in pixels.
            steps: of the planned training.
            batch_size: pictures per step.
        """
        return dataset_view.clinic(self.services, name, side=side, steps=steps, batch_size=batch_size)

    # -- out again -----------------------------------------------------------------------------------------------------
    def training_pictures(self, name: str) -> tuple[TrainingPicture, ...]:
        """What a training of this dataset takes, as it is now."""
        return dataset_view.training_pictures(self.services, name)

    def digest(self, name: str) -> str:
        """Names what is trained on; another one when a picture or a caption has changed."""
        return dataset_view.digest(self.training_pictures(name))

    def metadata_csv(self, name: str) -> bytes:
        """The trainer's table: `file_name,text` of the kept pictures, UTF-8 with a byte order mark."""
        return dataset_export.metadata_csv_of(self.services, name)

    def metadata_jsonl(self, name: str) -> bytes:
        """data-juicer's input: all pictures, before any filter."""
        return dataset_export.metadata_jsonl_of(self.services, name)

    def data_juicer_config(self, name: str) -> str:
        """`data_juicer_config.yaml` with the dataset's filters."""
        return dataset_export.config_of(self.services, name)

    def read_data_juicer_config(self, name: str, content: bytes) -> Filters:
        """Take the filters over from such a file."""
        return dataset_export.read_config(self.services, name, content)

    def filters_of_config(self, content: bytes, *, onto: Filters) -> Filters:
        """What such a file makes of filters; nothing is written."""
        return dataset_export.filters_of(content, onto=onto)

    def export(self, name: str, *, out: Path | None = None) -> Path:
        """A zip of the kept pictures in the trainer's layout; its path.

        Raises:
            FixInput: nothing is kept.
        """
        return dataset_export.export(self.services, name, out=out)
