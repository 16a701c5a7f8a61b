"""Everything that can be done with a story on disk."""

import pytest

from story_engine.config import PROJECT_FOLDER
from story_engine.domain.edit import Edit
from story_engine.domain.story import Character, Settings
from story_engine.errors import ChooseAnother, EditConflict, FixInput, InvalidInput, Wait
from story_engine.store.history import History
from story_engine.store.layout import Layout
from story_engine.store.stories import StoryStore
from tests.builders import a_scene, a_story


@pytest.fixture
def store(tmp_path) -> StoryStore:
    return StoryStore(Layout(tmp_path / "workspace", tmp_path / "stories"))


@pytest.fixture
def cat(store) -> str:
    return store.create("Cat", a_story(count=3))


def prompt_edit(scene: str, value: str, seen: str) -> Edit:
    return Edit(scene=scene, field="prompt", value=value, seen=seen)


def test_a_created_story_is_loaded_as_it_was_written(store):
    slug = store.create("歌星梦", a_story())

    assert store.slugs() == ("歌星梦",) == (slug,)
    assert store.load(slug) == a_story(title="歌星梦", revision=1)


def test_an_empty_or_missing_shelf_has_no_stories(store):
    assert store.slugs() == ()


@pytest.mark.parametrize("slug", ["nobody", "../cat", "", "CON", "a\u202eb", "x" * 500])
def test_a_story_that_does_not_exist_is_named(store, slug):
    with pytest.raises(ChooseAnother):
        store.load(slug)


def test_an_edit_makes_one_revision(store, cat):
    story = store.edit(cat, [prompt_edit("s2", "a dog", "an orange kitten, 2")])

    assert (story.revision, story.scene("s2").prompt) == (2, "a dog")
    assert store.load(cat) == story


def test_an_edit_that_changes_nothing_makes_no_revision(store, cat):
    story = store.edit(cat, [prompt_edit("s2", "an orange kitten, 2", "something else")])

    assert story.revision == 1


def test_two_tabs_that_edit_different_fields_merge(store, cat):
    other_tab = StoryStore(store.layout)
    seen = store.load(cat)
    other_tab.edit(cat, [Edit(scene="s1", field="seed", value=7, seen=0)])

    story = store.edit(cat, [prompt_edit("s1", "mine", seen.scene("s1").prompt)])

    assert (story.scene("s1").seed, story.scene("s1").prompt) == (7, "mine")


def test_two_tabs_that_edit_the_same_field_see_both_texts(store, cat):
    seen = store.load(cat).scene("s1").prompt
    StoryStore(store.layout).edit(cat, [prompt_edit("s1", "theirs", seen)])

    with pytest.raises(EditConflict) as raised:
        store.edit(cat, [Edit(scene="s1", field="seed", value=5, seen=0), prompt_edit("s1", "mine", seen)])

    assert (raised.value.mine, raised.value.theirs) == ("mine", "theirs")
    assert "mine" in raised.value.text("zh") and "theirs" in raised.value.text("zh")
    assert store.load(cat).scene("s1").seed == 0


def test_the_same_change_in_two_tabs_is_no_conflict(store, cat):
    seen = store.load(cat).scene("s1").prompt
    StoryStore(store.layout).edit(cat, [prompt_edit("s1", "same", seen)])

    assert store.edit(cat, [prompt_edit("s1", "same", seen)]).revision == 2


def test_different_settings_of_two_tabs_merge_and_equal_ones_conflict(store, cat):
    seen = Settings()
    other_tab = StoryStore(store.layout)
    other_tab.edit(cat, [Edit(scene=None, field="settings", value=Settings(steps=7), seen=seen)])

    story = store.edit(cat, [Edit(scene=None, field="settings", value=Settings(sampler="ddim"), seen=seen)])

    assert story.settings == Settings(steps=7, sampler="ddim")
    with pytest.raises(EditConflict):
        store.edit(cat, [Edit(scene=None, field="settings", value=Settings(steps=9), seen=seen)])


def test_values_and_plain_data_are_accepted_alike(store, cat):
    mimi = Character(id="mimi", description="a cat")
    story = store.edit(cat, [Edit(scene=None, field="characters", value=(mimi,), seen=())])
    plain = [{"id": "mimi", "description": "a cat"}]

    story = store.edit(cat, [Edit(scene=None, field="characters", value=[], seen=plain)])

    assert story.characters == ()


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (Edit(scene="s1", field="seed", value=-1, seen=0), InvalidInput),
        (Edit(scene="s1", field="seed", value="x", seen=0), InvalidInput),
        (Edit(scene="s1", field="prompt", value="x" * 20_001, seen="an orange kitten, 1"), InvalidInput),
        (Edit(scene="s1", field="prompt", value="a\x00", seen="an orange kitten, 1"), InvalidInput),
        (Edit(scene="s1", field="characters", value=["nobody"], seen=()), InvalidInput),
        (Edit(scene="s1", field="id", value="s9", seen="s1"), FixInput),
        (Edit(scene=None, field="scenes", value=[], seen=()), FixInput),
        (Edit(scene=None, field="wings", value=1, seen=1), FixInput),
        (Edit(scene="s9", field="prompt", value="x", seen=""), ChooseAnother),
    ],
)
def test_a_value_that_cannot_be_accepted_changes_nothing(store, cat, edit, error):
    before = store.text(cat)

    with pytest.raises(error):
        store.edit(cat, [Edit(scene=None, field="style", value="ink", seen=""), edit])

    assert store.text(cat) == before


def test_scenes_are_added_moved_and_removed(store, cat):
    story = store.add_scene(cat, after="s1")
    assert [scene.id for scene in story.scenes] == ["s1", "s4", "s2", "s3"]

    story = store.move_scene(cat, "s4", by=-9)
    assert [scene.id for scene in story.scenes] == ["s4", "s1", "s2", "s3"]
    story = store.move_scene(cat, "s4", by=2)
    assert [scene.id for scene in story.scenes] == ["s1", "s2", "s4", "s3"]

    story = store.remove_scene(cat, "s2")
    assert [scene.id for scene in story.scenes] == ["s1", "s4", "s3"]
    with pytest.raises(ChooseAnother, match="another window may have removed it"):
        store.remove_scene(cat, "s2")


def test_an_id_that_the_history_knows_is_never_given_again(store, cat):
    store.add_scene(cat)
    store.remove_scene(cat, "s4")
    for number in range(60):
        store.edit(cat, [Edit(scene="s1", field="seed", value=number + 1, seen=number)])

    assert store.add_scene(cat).scenes[-1].id == "s5"


def test_the_last_scene_and_the_twenty_fifth_are_refused(store):
    one, many = store.create("One", a_story(count=1)), store.create("Many", a_story(count=24))

    with pytest.raises(FixInput, match="last one"):
        store.remove_scene(one, "s1")
    with pytest.raises(InvalidInput, match="25 scenes"):
        store.add_scene(many)


def test_history_tells_what_changed_and_undo_reaches_any_state(store, cat):
    store.edit(cat, [Edit(scene="s1", field="seed", value=3, seen=0)])
    store.edit(cat, [Edit(scene=None, field="style", value="ink", seen="")])
    store.remove_scene(cat, "s3")

    assert [(one.number, one.changed) for one in store.history(cat)] == [
        (4, ("scenes[s3]",)),
        (3, ("style",)),
        (2, ("scenes[s1].seed",)),
        (1, ()),
    ]
    story = store.go_back_to(cat, 1)

    assert story == a_story(count=3, title="Cat", revision=5)
    with pytest.raises(ChooseAnother, match="no revision 99"):
        store.go_back_to(cat, 99)


def test_a_whole_save_needs_the_present_revision(store, cat):
    seen = store.load(cat)
    store.save(cat, seen.model_copy(update={"style": "ink"}), seen.revision)

    with pytest.raises(Wait, match="revision 2"):
        store.save(cat, seen.model_copy(update={"style": "oil"}), seen.revision)


def test_titles_change_and_paths_stay(store, cat):
    store.rename(cat, "Dog")

    assert store.load(cat).title == "Dog"
    assert store.slugs() == ("cat",)


def test_a_copy_has_its_own_title_history_and_the_comments(store, cat):
    path = store.layout.story(cat)
    path.write_text(f"# by hand\n{path.read_text()}")

    copy = store.duplicate(cat)

    assert store.load(copy).title == "Cat (2)"
    assert "# by hand" in store.text(copy)
    assert store.load(store.duplicate(copy)).title == "Cat (3)"
    assert store.load(copy).revision == 1


def test_names_in_use_anywhere_are_not_given_again(store, cat):
    (store.layout.takes("dog", "s1")).mkdir(parents=True)
    (store.layout.takes("dog", "s1") / "a.png").write_bytes(b"")
    store.delete(cat)

    assert store.create("Cat", a_story()) == "cat-2"
    assert store.create("Dog", a_story()) == "dog-2"


def test_a_deleted_story_comes_back_with_its_history(store, cat):
    store.edit(cat, [Edit(scene="s1", field="seed", value=3, seen=0)])
    before, history = store.load(cat), store.history(cat)

    token = store.delete(cat)
    assert store.slugs() == ()
    with pytest.raises(ChooseAnother):
        store.load(cat)

    assert store.restore(token) == cat
    assert (store.load(cat), store.history(cat)) == (before, history)
    for wrong in (token, "../x", "cat~00000000", ""):
        with pytest.raises(ChooseAnother):
            store.restore(wrong)


def test_a_story_comes_back_beside_a_new_one_of_the_same_name(store, cat):
    token = store.delete(cat)
    store.layout.story(cat).write_text("schema: 1\ntitle: New\nscenes:\n  - id: s1\n")

    back = store.restore(token)

    assert back != cat
    assert (store.load(back).title, store.load(cat).title) == ("Cat", "New")


def test_the_first_edit_of_a_shipped_story_keeps_what_it_was(store):
    shipped = (PROJECT_FOLDER / "stories" / "singer.yaml").read_bytes()
    store.layout.stories.mkdir()
    store.layout.story("singer").write_bytes(shipped)
    assert store.load("singer").revision == 0
    assert not store.layout.history("singer").exists()

    story = store.edit("singer", [Edit(scene="s1", field="seed", value=9, seen=0)])

    assert story.revision == 1
    assert store.layout.story("singer").read_text().startswith("# 歌星梦")
    assert store.go_back_to("singer", 0).scene("s1").seed == 0


@pytest.mark.parametrize("slug", ["singer", "orange-cat", "orange-cat-en"])
def test_shipped_stories_are_valid_and_have_eight_scenes(slug):
    store = StoryStore(Layout(PROJECT_FOLDER / "workspace", PROJECT_FOLDER / "stories"))

    story = store.load(slug)

    assert len(story.scenes) == 8
    assert all(scene.title and scene.caption and scene.prompt for scene in story.scenes)


def test_scenes_that_differ_in_case_are_one_file(store):
    with pytest.raises(InvalidInput):
        store.create("x", a_story(a_scene(id="rain"), a_scene(id="Rain")))


def test_what_a_crash_in_the_middle_of_a_creation_leaves_takes_no_name(store, monkeypatch):
    store.layout.history("cat").mkdir(parents=True)
    (store.layout.history("cat") / ".000001.yaml.0a1b.writing").write_text("half")
    store.layout.takes("cat", "s1").mkdir(parents=True)

    def crashes(self, number, content):
        raise KeyboardInterrupt

    assert store.create("Cat", a_story()) == "cat"
    with monkeypatch.context() as context:
        context.setattr(History, "add", crashes)
        with pytest.raises(KeyboardInterrupt):
            store.create("Dog", a_story())

    assert store.load("dog").title == "Dog"
    store.edit("dog", [Edit(scene="s1", field="seed", value=3, seen=0)])
    assert [one.number for one in store.history("dog")] == [2, 1]
