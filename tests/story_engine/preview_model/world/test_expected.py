import pytest

from story_engine.preview_model.world.expected import Expected, read_prompt
from tests.story_engine.preview_model.challenge_prompts import CAT_PROMPTS, SINGER_PROMPTS


@pytest.mark.parametrize(
    ("prompt", "expected"),
    list(
        zip(
            SINGER_PROMPTS + CAT_PROMPTS,
            [
                Expected(subject="girl", place="living_room", style="anime", shot="full", colour="pink"),
                Expected(subject="girl", place="audience", style="anime", colour="pink"),
                Expected(subject="girl", place="audience", style="anime", colour="pink"),
                Expected(subject="girl", place="starry_sky", style="anime", colour="pink"),
                Expected(subject="girl", place="practice_room", style="anime", colour="pink"),
                Expected(subject="girl", place="practice_room", style="anime", colour="pink"),
                Expected(subject="girl", place="fitting_room", style="anime", colour="black"),
                Expected(subject="girl", place="stage", style="anime", colour="black"),
                Expected(subject="cat", place="living_room", style="modern", shot="full", colour="orange"),
                Expected(subject="cat", place="bookshelf", style="modern", shot="upper", colour="orange"),
                Expected(subject="cat", place="magic_light", style="modern", shot="full", colour="orange"),
                Expected(subject="cat", place="palace_hall", style="ink", shot="full", colour="orange"),
                Expected(subject="emperor", place="throne_room", style="ink", shot="full"),
                Expected(subject="cat", place="palace_chamber", style="ink", shot="full", colour="orange"),
                Expected(subject="cat", place="dark_corner", style="ink", shot="full", colour="orange"),
                Expected(subject="cat", place="living_room", style="modern", shot="full", colour="orange"),
            ],
            strict=True,
        )
    ),
)
def test_the_shipped_scenes_give_their_obvious_meaning(prompt: str, expected: Expected) -> None:
    assert read_prompt(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a black cat in a green forest", Expected(subject="cat", place="forest", colour="black")),
        ("白猫，特写", Expected(subject="cat", shot="close", colour="white")),
        (
            "pixel art, a girl with short blue hair in a red dress, long shot, on the beach, with a white dog",
            Expected(subject="girl", place="beach", style="pixel", shot="long", colour="red"),
        ),
        ("一个男孩，他的衣服是绿色的", Expected(subject="boy", colour="green")),
        ("熊猫", Expected(subject="panda")),
        ("", Expected()),
    ],
)
def test_colours_belong_to_the_noun_beside_them(prompt: str, expected: Expected) -> None:
    assert read_prompt(prompt) == expected
