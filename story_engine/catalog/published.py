"""The models that this machine can have: what of each is here, and which can be downloaded. No torch."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from story_engine.catalog.families import description, descriptions
from story_engine.catalog.kolors_adapters import KOLORS_ADAPTERS
from story_engine.catalog.package import Package
from story_engine.catalog.part import Form, Part, file_state
from story_engine.catalog.tensor_shapes import Shapes
from story_engine.domain.job_result import Failure
from story_engine.domain.models import Acceptance
from story_engine.domain.views import FamilyState, ModelPlace
from story_engine.errors import ChooseAnother, InstallOrDownload
from story_engine.store.layout import Layout
from story_engine.store.model_settings import read_model_settings


def _other_scorer(shapes: Shapes, file: Path, folder: Path) -> InstallOrDownload | None:
    """The predictor is CLIP's picture half with a few layers more."""
    del folder
    is_ours = any(name.startswith("vision_model.") for name in shapes)
    return InstallOrDownload("models.other_scorer", file=str(file)) if shapes and not is_ours else None


def _other_vae(shapes: Shapes, file: Path, folder: Path) -> InstallOrDownload | None:
    del folder
    is_vae = "decoder.conv_in.weight" in shapes
    return InstallOrDownload("models.other_vae", file=str(file)) if shapes and not is_vae else None


AESTHETIC = Package(
    name="aesthetic",
    title="Aesthetics predictor",
    parts=(
        Part(
            name="scorer",
            beside=("config.json", "preprocessor_config.json"),
            forms=(Form("model.safetensors"), Form("pytorch_model.bin")),
            check=_other_scorer,
        ),
    ),
    home="aesthetics-predictor-v2-sac-logos-ava1-l14-linearMSE",
    hub="AI-ModelScope/aesthetics-predictor-v2-sac-logos-ava1-l14-linearMSE",
    repositories=(
        "AI-ModelScope/aesthetics-predictor-v2-sac-logos-ava1-l14-linearMSE",
        "shunk031/aesthetics-predictor-v2-sac-logos-ava1-l14-linearMSE",
    ),
    sizes={"config.json": 1_000, "preprocessor_config.json": 500, "model.safetensors": 1_223_400_000},
)
"""The model that the challenge's rules name."""
FP16_VAE = Package(
    name="sdxl-vae-fp16-fix",
    title="sdxl-vae-fp16-fix",
    parts=(
        Part(
            name="vae",
            forms=(Form("diffusion_pytorch_model.safetensors"), Form("sdxl.vae.safetensors")),
            check=_other_vae,
        ),
    ),
    home="sdxl-vae-fp16-fix",
    repositories=("AI-ModelScope/sdxl-vae-fp16-fix", "madebyollin/sdxl-vae-fp16-fix"),
    sizes={"diffusion_pytorch_model.safetensors": 334_643_000},
)
"""The challenge's notebook trains in half precision with it; the Studio encodes with Kolors' own VAE in float32."""


def downloads() -> dict[str, Package]:
    """What can be downloaded, by the name that `flows.models.download` takes."""
    return {name: package for name, package in packages().items() if package.hub}


def packages() -> dict[str, Package]:
    """Every model that is looked for, by name."""
    known = (*(each.package for each in descriptions().values()), AESTHETIC, FP16_VAE, *KOLORS_ADAPTERS)
    return {package.name: package for package in known}


def family_states(layout: Layout) -> tuple[FamilyState, ...]:
    """Every model family on this machine."""
    return tuple(_state(layout, each.package) for each in descriptions().values())


def package_state(layout: Layout, name: str) -> FamilyState:
    """What of a model is here ("kolors", "aesthetic", "sdxl-vae-fp16-fix", …), with all folders that hold some of it.

    Raises:
        ChooseAnother: nothing of that name is looked for.
    """
    package = package_of(name)
    state = _state(layout, package)
    folder = package.folder(layout)
    found = [place for place in package.places(layout) if package.has_begun(place)]
    return dataclasses.replace(
        state, places=tuple(_place(package, place, counts=state.ready and place == folder) for place in found)
    )


def package_of(name: str) -> Package:
    """The package of that name.

    Raises:
        ChooseAnother: nothing of that name is looked for.
    """
    known = packages()
    if name not in known:
        raise ChooseAnother("models.unknown_package", name=name, listed=", ".join(known))
    return known[name]


def downloadable(name: str) -> Package:
    """The package of that name.

    Raises:
        ChooseAnother: nothing of that name can be downloaded, or needs to be.
    """
    known = downloads()
    if name == FP16_VAE.name:
        raise ChooseAnother("models.not_needed", name=name)
    if name not in known:
        raise ChooseAnother("models.unknown_download", name=name, listed=", ".join(known))
    return known[name]


def files_missing(layout: Layout, family: str) -> InstallOrDownload:
    """The error that names what of a family is not here, from where it comes, and how large it is."""
    return description(family).package.missing(layout)


def acceptance_of(layout: Layout, package: Package) -> Acceptance | None:
    """When the agreement that a model stands under was accepted, for it or for another one under the same; else None.

    One agreement, Kolors', covers everything that its makers publish for it: nobody is asked six times.
    """
    licence, known = package.licence, packages()
    if licence is None:
        return None
    for name, accepted in read_model_settings(layout).licences.items():
        other = known[name].licence if name in known else None
        if other is not None and (other.url, accepted.version) == (licence.url, licence.version):
            return accepted
    return None


def _state(layout: Layout, package: Package) -> FamilyState:
    folder = package.folder(layout)
    files = tuple(package.states(layout))
    accepted = acceptance_of(layout, package)
    return FamilyState(
        name=package.name,
        title=package.title,
        ready=package.is_complete(folder),
        files=files,
        source=package.source or folder.name,
        can_download=bool(package.hub),
        is_needed=package is not FP16_VAE,
        folder=folder,
        faults=tuple(Failure.of(fault) for fault in package.faults(folder)),
        licence=package.licence,
        accepted_at="" if accepted is None else accepted.accepted_at,
    )


def _place(package: Package, place: Path, *, counts: bool) -> ModelPlace:
    states = ((name, file_state(place / name)) for name in package.names(place))
    return ModelPlace(
        folder=place,
        is_whole=package.is_complete(place),
        counts=counts,
        missing=tuple((name, state) for name, state in states if state != "present"),
        faults=tuple(Failure.of(fault) for fault in package.faults(place)),
    )
