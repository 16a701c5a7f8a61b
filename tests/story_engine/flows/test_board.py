from pathlib import Path

from story_engine.domain.resolve import resolve
from story_engine.domain.story import LoraUse, Settings
from story_engine.flows.board import assemble_board
from tests.builders import PREVIEW, a_kolors_story, a_scene, a_story, a_take

HASHES = {"ink": "1" * 64}


def board_of(story, takes, *, picks=None, scores=None):
    return assemble_board(
        "a-story",
        story,
        takes={"s1": takes},
        picks=picks or {},
        scores=scores or {},
        scorer="preview",
        scorer_version="1",
        recipe_now=lambda scene: resolve(story, scene, 0, family=PREVIEW, loras=HASHES),
        files=lambda take: (Path(f"{take.id}.png"), Path(f"{take.id}.jpg")),
    )


def takes_of(story, numbers):
    scene = story.scenes[0]
    return [
        a_take(
            resolve(story, scene, number, family=PREVIEW, loras=HASHES),
            number=number,
            created_at=f"2026-01-0{number + 1}",
        )
        for number in numbers
    ]


def test_a_scene_without_takes_is_an_empty_panel():
    panel = board_of(a_story(count=1), []).panels[0]

    assert panel.chosen is None and panel.takes == ()


def test_the_best_score_is_chosen_until_a_person_picks():
    story = a_story(count=1)
    first, second, third = takes_of(story, [0, 1, 2])
    scores = {first.picture_sha256: 5.0, second.picture_sha256: 7.0, third.picture_sha256: 6.0}

    assert board_of(story, [first, second, third], scores=scores).panels[0].chosen.take == second
    picked = board_of(story, [first, second, third], scores=scores, picks={"s1": first.id}).panels[0]
    assert picked.chosen.take == first and picked.is_picked


def test_a_higher_score_never_undoes_a_pick():
    story = a_story(count=1)
    first, second = takes_of(story, [0, 1])

    panel = board_of(story, [first, second], scores={second.picture_sha256: 9.9}, picks={"s1": first.id}).panels[0]

    assert panel.chosen.take == first


def test_a_take_of_an_older_text_is_not_current_and_gives_way():
    old = a_story(count=1)
    new = a_story(a_scene(1, prompt="a panda"))
    (old_take,) = takes_of(old, [0])
    (new_take,) = takes_of(new, [0])

    panel = board_of(new, [old_take, new_take], scores={old_take.picture_sha256: 9.0}).panels[0]

    assert panel.chosen.take == new_take
    assert [view.is_current for view in panel.takes] == [False, True]


def test_a_pinned_seed_s_take_is_chosen_over_a_better_score():
    story = a_story(a_scene(1, seed=1, pinned=True))
    pinned, other = takes_of(story, [0, 1])

    panel = board_of(story, [pinned, other], scores={other.picture_sha256: 9.0}).panels[0]

    assert panel.chosen.take == pinned


def test_a_panel_says_that_another_family_painted_it():
    story = a_kolors_story(stand_in="preview")

    panel = board_of(story, takes_of(story, [0])).panels[0]

    assert panel.stand_in_for == "kolors"


def test_a_pick_whose_take_is_gone_is_passed_over():
    story = a_story(count=1)
    (only,) = takes_of(story, [0])

    panel = board_of(story, [only], picks={"s1": "f" * 32}).panels[0]

    assert panel.chosen.take == only and not panel.is_picked


def test_a_take_without_the_scenes_loras_is_its_control_and_gives_way_to_it():
    story = a_story(a_scene(1), loras=(LoraUse(name="ink"),))
    (used,) = takes_of(story, [0])
    control, other = takes_of(story.without_loras(), [0, 1])
    older = takes_of(a_story(a_scene(1, prompt="a panda")), [3])

    panel = board_of(story, [control, other, *older, used], scores={control.picture_sha256: 9.0}).panels[0]

    assert [(view.is_current, view.is_control) for view in panel.takes] == [
        (False, True),
        (False, True),
        (False, False),
        (True, False),
    ]
    assert panel.chosen.take == used


def test_where_nothing_is_worn_nothing_is_a_control():
    story = a_story(a_scene(1, loras=()), loras=(LoraUse(name="ink"),))

    (view,) = board_of(story, takes_of(story, [0])).panels[0].takes

    assert view.is_current and not view.is_control


def test_a_panel_says_what_has_changed_since_its_picture_was_painted():
    story = a_story(a_scene(1), loras=(LoraUse(name="ink"),))
    taken = takes_of(story, [0])
    changes = {
        "text": a_story(a_scene(1, prompt="a panda"), loras=story.loras),
        "loras": a_story(a_scene(1), loras=(LoraUse(name="ink", strength=0.5),)),
        "settings": a_story(a_scene(1), loras=story.loras, settings=Settings(family="preview", steps=7)),
        "seed": a_story(a_scene(1, seed=8), loras=story.loras),
    }

    said = {name: board_of(changed, taken).panels[0].changed for name, changed in changes.items()}

    assert said == {name: (name,) for name in changes}
    assert board_of(story, taken).outdated == ()
    picked = board_of(changes["seed"], taken, picks={"s1": taken[0].id})
    assert picked.outdated == (), "what a person picked is meant, whatever its seed"
    counted_on = board_of(story, takes_of(story, [3]))
    assert counted_on.outdated == (), "the first take may have been deleted"


def test_a_panel_whose_scene_cannot_be_painted_says_that_the_story_has_changed():
    story = a_story(count=1)
    board = assemble_board(
        "a-story",
        story,
        takes={"s1": takes_of(story, [0])},
        picks={},
        scores={},
        scorer="preview",
        scorer_version="1",
        recipe_now=lambda scene: None,
        files=lambda take: (Path(f"{take.id}.png"), Path(f"{take.id}.jpg")),
    )

    assert board.panels[0].changed == ("story",)
