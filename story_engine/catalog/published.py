"""The models that this machine can have: what of each is here, and which can be downloaded. No torch."""

from __future__ import annotations

from story_engine.catalog.families import description, descriptions
from story_engine.catalog.package import Form, Package, Part
from story_engine.domain.views import FamilyState
from story_engine.errors import ChooseAnother, InstallOrDownload
from story_engine.store.layout import Layout

AESTHETIC = Package(
    name="aesthetic",
    title="Aesthetics predictor",
    parts=(
        Part(
            name="scorer",
            beside=("config.json", "preprocessor_config.json"),
            forms=(Form("model.safetensors"), Form("pytorch_model.bin")),
        ),
    ),
    home="aesthetics-predictor-v2-sac-logos-ava1-l14-linearMSE",
    hub="AI-ModelScope/aesthetics-predictor-v2-sac-logos-ava1-l14-linearMSE",
    sizes={"config.json": 1_000, "preprocessor_config.json": 500, "model.safetensors": 1_223_400_000},
)
"""The model that the challenge's rules name."""


def downloads() -> dict[str, Package]:
    """What can be downloaded, by the name that `flows.queue.download` takes."""
    packages = (*(each.package for each in descriptions().values()), AESTHETIC)
    return {package.name: package for package in packages if package.hub}


def family_states(layout: Layout) -> tuple[FamilyState, ...]:
    """Every model family on this machine."""
    return tuple(_state(layout, each.package) for each in descriptions().values())


def package_state(layout: Layout, name: str) -> FamilyState:
    """What of a downloadable model is here ("kolors" or "aesthetic").

    Raises:
        ChooseAnother: nothing of that name can be downloaded.
    """
    return _state(layout, downloadable(name))


def downloadable(name: str) -> Package:
    """The package of that name.

    Raises:
        ChooseAnother: nothing of that name can be downloaded.
    """
    known = downloads()
    if name not in known:
        raise ChooseAnother("models.unknown_download", name=name, listed=", ".join(known))
    return known[name]


def files_missing(layout: Layout, family: str) -> InstallOrDownload:
    """The error that names what of a family is not here, from where it comes, and how large it is."""
    return description(family).package.missing(layout)


def _state(layout: Layout, package: Package) -> FamilyState:
    files = tuple(package.states(layout))
    return FamilyState(
        name=package.name,
        title=package.title,
        ready=all(file.state == "present" for file in files),
        files=files,
        source=package.source or package.folder(layout).name,
        can_download=bool(package.hub),
    )
