"""The published files of each model: where they come from, where they lie, what of them is here. No torch."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path

from story_engine.domain.views import FamilyState, ModelFile
from story_engine.errors import ChooseAnother, InstallOrDownload
from story_engine.formats.safetensors_header import HeaderError, read_header
from story_engine.store.layout import Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFile:
    """One file of a repository on ModelScope."""

    path: str
    """Within the repository."""
    size_bytes: int
    """Approximately; the hub knows exactly."""
    instead: str | None = None
    """Another file of the repository that serves as well if it is here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository on ModelScope and its place under `workspace/models`."""

    name: str
    folder: str
    files: tuple[PublishedFile, ...]

    @property
    def size_bytes(self) -> int:
        """Of all files, approximately."""
        return sum(file.size_bytes for file in self.files)


_SHARD_BYTES = (1_827_781_090, 1_968_299_480, 1_927_415_036, 1_815_225_998, 1_968_299_544, 1_927_415_036, 1_052_808_542)
"""ChatGLM3-6B in float16 as published, seven shards."""
KOLORS = Repository(
    name="Kwai-Kolors/Kolors",
    folder="kolors/Kolors",
    files=(
        PublishedFile(path="text_encoder/config.json", size_bytes=1_400),
        PublishedFile(path="text_encoder/pytorch_model.bin.index.json", size_bytes=20_000),
        *(
            PublishedFile(path=f"text_encoder/pytorch_model-{number:05}-of-00007.bin", size_bytes=size)
            for number, size in enumerate(_SHARD_BYTES, start=1)
        ),
        PublishedFile(
            path="unet/diffusion_pytorch_model.fp16.safetensors",
            size_bytes=5_159_140_000,
            instead="unet/diffusion_pytorch_model.safetensors",
        ),
        PublishedFile(
            path="vae/diffusion_pytorch_model.safetensors",
            size_bytes=334_643_000,
            instead="vae/diffusion_pytorch_model.fp16.safetensors",
        ),
    ),
)
"""As the challenge's scripts lay it out, with the half-size U-Net. Source: diffsynth 1.1.9, configs/model_config.py."""
VAE_FOR_TRAINING = Repository(
    name="AI-ModelScope/sdxl-vae-fp16-fix",
    folder="sdxl-vae-fp16-fix",
    files=(PublishedFile(path="diffusion_pytorch_model.safetensors", size_bytes=334_643_000),),
)
"""The VAE that stays finite in float16: what training encodes with. Rendering decodes in float32 with Kolors' own."""
AESTHETIC = Repository(
    name="AI-ModelScope/aesthetics-predictor-v2-sac-logos-ava1-l14-linearMSE",
    folder="aesthetics-predictor-v2-sac-logos-ava1-l14-linearMSE",
    files=(
        PublishedFile(path="config.json", size_bytes=1_000),
        PublishedFile(path="preprocessor_config.json", size_bytes=500),
        PublishedFile(path="model.safetensors", size_bytes=1_223_400_000, instead="pytorch_model.bin"),
    ),
)
PREVIEW_FILES = ("unet.safetensors", "text_encoder.safetensors", "vae.safetensors")
_SHIPPED_PREVIEW = Path(__file__).parents[1] / "preview_model" / "weights"
PACKAGES = {"kolors": (KOLORS, VAE_FOR_TRAINING), "aesthetic": (AESTHETIC,)}
"""What can be downloaded, by the name that `engine.download` takes."""
_TITLES = {"preview": "Preview", "kolors": "Kolors", "aesthetic": "Aesthetics predictor"}


def family_states(layout: Layout) -> tuple[FamilyState, ...]:
    """Every model family on this machine."""
    return preview_state(layout), package_state(layout, "kolors")


def preview_folder(layout: Layout) -> Path:
    """The preview weights: the workspace's own (a preview model that a person trained), else the shipped ones."""
    own = layout.models / "preview"
    return own if own.is_dir() else _SHIPPED_PREVIEW


def preview_state(layout: Layout) -> FamilyState:
    """The preview model, which comes with the Studio."""
    folder = preview_folder(layout)
    files = tuple(_file_state(folder / name, name, size_bytes=0) for name in PREVIEW_FILES)
    return FamilyState(
        name="preview", title=_TITLES["preview"], ready=_all_present(files), files=files, source=folder.name
    )


def package_state(layout: Layout, name: str) -> FamilyState:
    """What of a downloadable model is here ("kolors" or "aesthetic").

    Raises:
        ChooseAnother: nothing of that name can be downloaded.
    """
    if name not in PACKAGES:
        raise ChooseAnother("models.unknown_download", name=name, listed=", ".join(PACKAGES))
    repositories = PACKAGES[name]
    files = [tuple(repository_files(layout, repository)) for repository in repositories]
    source = ", ".join(f"ModelScope {repository.name}" for repository in repositories)
    # The first repository is what painting (or scoring) needs; a further one is for training.
    return FamilyState(
        name=name, title=_TITLES[name], ready=_all_present(files[0]), files=tuple(chain(*files)), source=source
    )


def files_missing(layout: Layout, family: str) -> InstallOrDownload:
    """The error that names what of a family is not here, from where it comes, and how large it is."""
    state = preview_state(layout) if family == "preview" else package_state(layout, family)
    absent = [file for file in state.files if file.state != "present"]
    if family == "preview":
        named = ", ".join(f"{file.path} ({file.state})" for file in absent)
        return InstallOrDownload(
            "models.preview_files_missing", family=state.title, listed=named, folder=preview_folder(layout)
        )
    listed = ", ".join(f"{file.path} ({file.size_bytes / 1e6:,.0f} MB)" for file in absent)
    return InstallOrDownload("models.files_missing", family=state.title, listed=listed, source=state.source)


def repository_files(layout: Layout, repository: Repository) -> Iterator[ModelFile]:
    """Each file of a repository as it is found here."""
    folder = layout.models / repository.folder
    sizes = {file.path: file.size_bytes for file in repository.files}
    for name in needed_names(folder, repository):
        yield _file_state(folder / name, f"{repository.folder}/{name}", sizes.get(name, 0))


def needed_names(folder: Path, repository: Repository) -> list[str]:
    """The files of `repository` that are needed in `folder`: as published, or what stands there in their place."""
    shards = _shards_named_here(folder)
    names = [_found_path(folder, file) for file in repository.files if shards is None or not _is_shard(file.path)]
    return names + (shards or [])


def _found_path(folder: Path, file: PublishedFile) -> str:
    if file.instead is not None and not (folder / file.path).exists() and (folder / file.instead).exists():
        return file.instead
    return file.path


def _file_state(path: Path, shown: str, size_bytes: int) -> ModelFile:
    if not path.is_file():
        return ModelFile(path=shown, size_bytes=size_bytes, state="missing")
    found = path.stat()
    return ModelFile(path=shown, size_bytes=found.st_size, state=_content_state(path, found.st_size, found.st_mtime_ns))


@lru_cache(maxsize=256)
def _content_state(path: Path, size_bytes: int, modified_ns: int) -> str:
    """Present, truncated or damaged, judged from the file's own structure: cheap, whatever sizes are told elsewhere."""
    del size_bytes, modified_ns  # they only make the cache key: a page asks a dozen times per click
    if path.suffix == ".safetensors":
        try:
            read_header(path)
        except HeaderError as problem:
            return "truncated" if problem.kind == "truncated" else "damaged"
    elif path.suffix == ".bin":
        with path.open("rb") as file:
            beginning = file.read(2)
        if beginning != b"PK":
            return "damaged"
        # torch writes zips, whose directory stands at the end.
        if not zipfile.is_zipfile(path):
            return "truncated"
    elif path.suffix == ".json":
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            return "damaged"
    return "present"


def _shards_named_here(folder: Path) -> list[str] | None:
    """The shards that the text encoder's index on this machine names; None where there is no readable index."""
    index = folder / "text_encoder" / "pytorch_model.bin.index.json"
    try:
        named = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
    except (OSError, ValueError, KeyError, AttributeError):
        return None
    return [f"text_encoder/{Path(str(name)).name}" for name in sorted(set(named))]


def _is_shard(path: str) -> bool:
    return path.startswith("text_encoder/") and path.endswith(".bin")


def _all_present(files: tuple[ModelFile, ...]) -> bool:
    return all(file.state == "present" for file in files)
