from story_engine.store.layout import Layout
from story_engine.store.stories import StoryStore
from tests.builders import a_story
from tests.shipped import copy_shipped_stories


def test_a_title_is_what_the_whole_story_says_however_it_is_written(tmp_path):
    layout = Layout(workspace=tmp_path / "workspace", stories=tmp_path / "stories")
    copy_shipped_stories(layout.stories)
    stories = StoryStore(layout)
    hostile = (
        "猫: 一 # 二",
        "- no list",
        "'quoted' \"twice\"",
        "yes",
        "1.0",
        "<script>",
        "😀 \u202eback",
        "a\\nb",
        "x" * 200,
    )
    slugs = [stories.create(title, a_story()) for title in hostile]
    written = {
        "folded": "schema: 1\ntitle: >-\n  two\n  lines\nscenes:\n  - id: s1\n",
        "late": "scenes:\n  - id: s1\nstyle: ink\ntitle: At the end\n",
        "flow": '{"title": "In braces", "scenes": [{"id": "s1"}]}\n',
        "marked": "\ufeff# a word before\ntitle: With a mark\nscenes: [{id: s1}]\n",
        "untitled": "scenes: [{id: s1}]\n",
    }
    for slug, text in written.items():
        layout.story(slug).write_text(text, encoding="utf-8")

    fresh = StoryStore(layout)
    every = [*slugs, *written, "singer", "orange-cat"]
    assert {slug: fresh.title(slug) for slug in every} == {slug: stories.load(slug).title for slug in every}


def test_a_title_follows_its_file_and_is_read_from_one_that_is_damaged_further_down(tmp_path):
    layout = Layout(workspace=tmp_path / "workspace", stories=tmp_path / "stories")
    stories = StoryStore(layout)
    slug = stories.create("Before", a_story())
    assert stories.title(slug) == "Before"

    stories.rename(slug, "Behind")
    assert stories.title(slug) == "Behind"
    layout.story("torn").write_text("title: Torn\nscenes: [\n", encoding="utf-8")
    assert stories.title("torn") == "Torn"
    layout.story("torn").unlink()
    assert "torn" not in stories.slugs()
