"""The sixteen scenes of the two stories that ship with the studio: the singer's eight and the cat's eight."""

from __future__ import annotations

from dataclasses import replace

from story_engine.preview_model.world import DrawnScene, Figure

_GIRL = Figure(subject="girl", colour="pink", hair_colour="purple", hair_length="short", outfit="dress")
_CAT = Figure(subject="cat", colour="orange")
_MAID = Figure(subject="maid", colour="pink", hair_colour="black", hair_length="medium", outfit="maid_dress")
_EMPEROR = Figure(subject="emperor", colour="yellow", hair_colour="black", outfit="dragon_robe")


def singer_scenes() -> tuple[DrawnScene, ...]:
    """The eight scenes of the girl who becomes a singer, in the story's order."""
    girl, medium = _GIRL, replace(_GIRL, hair_length="medium")
    long_pink, long_black = (replace(_GIRL, hair_length="long", colour=colour) for colour in ("pink", "black"))
    return (
        _scene(replace(girl, action="holding_face", mood="bored"), "living_room", "anime", seed=1),
        _scene(replace(girl, action="sitting", mood="happy"), "audience", "anime", time="night", seed=2),
        _scene(replace(girl, action="sitting", mood="longing"), "audience", "anime", "upper", time="night", seed=3),
        _scene(replace(girl, action="wishing", view="side"), "starry_sky", "anime", time="night", seed=4),
        _scene(replace(medium, action="singing"), "practice_room", "anime", seed=5),
        _scene(replace(long_pink, action="singing"), "practice_room", "anime", prop="microphone", seed=6),
        _scene(replace(long_black, mood="nervous"), "fitting_room", "anime", seed=7),
        _scene(
            replace(long_black, outfit="gown", action="singing", mood="happy"),
            "stage",
            "anime",
            time="night",
            prop="microphone",
            seed=8,
        ),
    )


def cat_scenes() -> tuple[DrawnScene, ...]:
    """The eight scenes of the cat that travels to the old palace, in the story's order."""
    cat = _CAT
    chasing = replace(cat, action="chasing", view="side")
    return (
        _scene(replace(chasing, mood="curious"), "living_room", "modern", prop="yarn_ball", seed=11),
        _scene(replace(cat, action="reading", mood="curious"), "bookshelf", "modern", "upper", prop="book", seed=12),
        _scene(replace(cat, mood="surprised"), "magic_light", "modern", seed=13),
        _scene(replace(cat, mood="curious"), "palace_hall", "ink", seed=14),
        _scene(
            replace(_EMPEROR, action="sitting", mood="curious"),
            "throne_room",
            "ink",
            companions=(replace(cat, mood="nervous", action="sitting"),),
            seed=15,
        ),
        _scene(
            replace(cat, action="lying", mood="happy"),
            "palace_chamber",
            "ink",
            companions=(_MAID, replace(_MAID, colour="green")),
            seed=16,
        ),
        _scene(replace(cat, mood="longing"), "dark_corner", "ink", time="night", seed=17),
        _scene(replace(chasing, mood="happy"), "living_room", "modern", prop="yarn_ball", seed=18),
    )


def shipped_scenes() -> tuple[DrawnScene, ...]:
    """All sixteen: what the benchmark expects to see for the prompts of the two stories."""
    return singer_scenes() + cat_scenes()


def _scene(
    main: Figure,
    place: str,
    style: str,
    shot: str = "full",
    *,
    time: str = "day",
    companions: tuple[Figure, ...] = (),
    prop: str = "none",
    seed: int,
) -> DrawnScene:
    return DrawnScene(
        main=main, companions=companions, place=place, style=style, shot=shot, time=time, prop=prop, seed=seed
    )
