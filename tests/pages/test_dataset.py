from __future__ import annotations

import io
import time

from PIL import Image

from story_engine import flows
from story_engine.domain.dataset import DatasetEntry
from story_engine.jobs.imports.launcher import write_state
from story_engine.store.dataset_pictures import NewPicture
from tests.pages.conftest import Studio, texts


def a_dataset(studio: Studio, *captions: str, title: str = "Ink", side: int = 64) -> str:
    """Pictures as an import would leave them, without starting its process."""
    services = studio.services
    name = services.datasets.create(title)
    folder = studio.services.datasets.folder(name) / "incoming"
    folder.mkdir()
    pictures = []
    for number, caption in enumerate(captions):
        files = [folder / f"{number}.{kind}" for kind in ("original", "image", "thumbnail")]
        for file in files:
            stored = io.BytesIO()
            Image.new("RGB", (side, side), (number, 40, 90)).save(stored, "JPEG")
            file.write_bytes(stored.getvalue())
        entry = DatasetEntry(
            file=f"p{number:02d}.jpg",
            original=f"p{number:02d}.jpg",
            source="test",
            width=side,
            height=side + number,
            sha256=f"{number:064x}",
            original_sha256=f"{number:064x}",
            perceptual_hash=f"{number * 0x1111111:016x}",
            caption=caption,
        )
        pictures.append(NewPicture(entry, *files))
    studio.services.datasets.take_in(name, pictures)
    return name


def captions(studio: Studio, name: str) -> list[str]:
    return [entry.caption for entry in flows.dataset_view.view(studio.services, name).dataset.entries]


def test_a_newcomer_is_offered_the_sample_sets(studio: Studio):
    app = studio.page("dataset", language="zh")

    assert not app.exception
    assert "教模型学会你自己的风格" in texts(app)
    assert app.button(key="dataset-start-ink").label == "水墨"


def test_a_caption_saves_itself_and_can_be_undone(studio: Studio):
    name = a_dataset(studio, "a cat", "a dog")
    app = studio.page("dataset")

    app.text_area(key=f"caption:{name}:p00.jpg").set_value("a kitten").run()
    assert captions(studio, name) == ["a kitten", "a dog"]
    app.button(key="dataset-undo").click().run()

    assert not app.exception
    assert captions(studio, name) == ["a cat", "a dog"]
    assert app.text_area(key=f"caption:{name}:p00.jpg").value == "a cat"


def test_two_tabs_are_shown_both_captions(studio: Studio):
    name = a_dataset(studio, "a cat")
    app = studio.page("dataset")
    studio.services.captions.edit_caption(name, "p00.jpg", "theirs")

    app.text_area(key=f"caption:{name}:p00.jpg").set_value("mine").run()

    assert captions(studio, name) == ["theirs"]
    assert "theirs" in texts(app) and "mine" in texts(app)
    app.button(key=f"keep-mine-caption:{name}:p00.jpg").click().run()
    assert captions(studio, name) == ["mine"]


def test_the_trigger_is_put_in_front_of_every_caption(studio: Studio):
    name = a_dataset(studio, "a cat", "一只猫")
    app = studio.page("dataset")

    app.text_input(key=f"dataset-trigger-{name}").set_value("mystyle").run()
    app.button(key="dataset-trigger-front").click().run()

    assert not app.exception
    assert captions(studio, name) == ["mystyle, a cat", "mystyle，一只猫"]


def test_filters_show_what_they_drop_and_why(studio: Studio):
    name = a_dataset(studio, "a", "b", "c")
    app = studio.page("dataset")
    app.segmented_control(key=f"dataset-view-{name}").set_value("filters").run()

    assert "image_shape_filter" not in texts(app)
    app.toggle(key=f"dataset-filter:{name}:shape:is_on").set_value(True).run()

    # Switched on, it leaves out what the training would blow up; data-juicer's name stands behind its own.
    assert not app.exception
    assert "planned at 256 pixels: 3 of 3 pictures are smaller" in texts(app)
    assert [metric.value for metric in app.metric] == ["0", "3"]
    assert "image_shape_filter" in app.toggle(key=f"dataset-filter:{name}:shape:is_on").help

    app.number_input(key=f"dataset-filter:{name}:shape:min_width").set_value(64).run()
    app.number_input(key=f"dataset-filter:{name}:shape:min_height").set_value(66).run()
    assert [metric.value for metric in app.metric] == ["1", "2"]
    assert "64 × 65 pixels are outside the bounds" in texts(app)
    app.toggle(key=f"dataset-filter:{name}:shape:is_on").set_value(False).run()
    app.toggle(key=f"dataset-filter:{name}:shape:is_on").set_value(True).run()
    assert [metric.value for metric in app.metric] == ["1", "2"], "bounds that somebody has set stay"


def test_what_an_import_passed_over_is_counted_and_named(studio: Studio):
    name = a_dataset(studio, "a cat")
    lost = {"code": "dataset.passed_captions", "source": "metadata.csv", "count": 30, "names": ["1.png", "2.png"]}
    report = {"id": "1", "state": "done", "result": {"added": 1, "passed_over": [lost]}}
    write_state(studio.services.datasets.folder(name), report)

    app = studio.page("dataset", language="zh")

    assert not app.exception
    assert [expander.label for expander in app.expander] == ["有 30 条描述、行或文件未采用，或有改动"]
    assert "metadata.csv：有 30 条描述没有对应的图片：1.png, 2.png …" in texts(app).replace("\\", "")


def test_the_clinic_warns_of_captions_that_are_all_the_same(studio: Studio):
    name = a_dataset(studio, "二次元", "二次元", "二次元")
    app = studio.page("dataset")

    app.segmented_control(key=f"dataset-view-{name}").set_value("clinic").run()

    assert not app.exception
    assert "the LoRA gets no trigger" in texts(app)


def test_the_clinic_looks_at_the_size_and_the_steps_of_the_training_that_is_planned(studio: Studio):
    name = a_dataset(studio, "a", "b", "c")
    app = studio.page("dataset")

    app.segmented_control(key=f"dataset-view-{name}").set_value("clinic").run()
    here = texts(app)
    app.selectbox(key="dataset-clinic-training").set_value("challenge").run()
    challenge = texts(app)
    app.switch_page("pages/4_Train.py").run()
    app.number_input(key="train:field:resolution").set_value(128).run()
    app.switch_page("pages/3_Dataset.py").run()
    app.selectbox(key="dataset-clinic-training").set_value("quick_look").run()

    assert not app.exception
    assert "256 × 256 pixels · 120 steps of 4" in here and "smaller than 256 pixels" in here
    assert "1024 × 1024 pixels · 500 steps of 1" in challenge and "smaller than 1024 pixels" in challenge
    assert "smaller than 128 pixels" in texts(app)


def test_pictures_left_out_by_hand_come_back(studio: Studio):
    name = a_dataset(studio, "a", "b")
    app = studio.page("dataset")

    app.button(key="icon-dataset-out-p00.jpg").click().run()
    assert [entry.file for entry in flows.dataset_view.view(studio.services, name).kept] == ["p01.jpg"]
    app.segmented_control(key=f"dataset-show-{name}").set_value("dropped").run()
    assert "left out by hand" in texts(app)
    app.button(key="icon-dataset-out-p00.jpg").click().run()

    assert len(flows.dataset_view.view(studio.services, name).kept) == 2


def test_many_pictures_are_shown_a_page_at_a_time(studio: Studio):
    name = a_dataset(studio, *[f"caption {number}" for number in range(30)], side=8)

    app = studio.page("dataset")

    assert not app.exception
    fields = [area.key for area in app.text_area if area.key.startswith(f"caption:{name}:")]
    assert len(fields) == 24


def test_export_and_bring_in_draw_without_a_picture(studio: Studio):
    name = studio.services.datasets.create("Empty")
    app = studio.page("dataset")
    for view in ("bring", "export", "filters", "clinic", "pictures"):
        app.segmented_control(key=f"dataset-view-{name}").set_value(view).run()
        assert not app.exception and not app.error, view


def test_a_folder_that_is_not_there_is_a_sentence(studio: Studio):
    name = studio.services.datasets.create("Empty")
    app = studio.page("dataset")

    app.text_input(key=f"dataset-folder-{name}").set_value("/nowhere/at/all").run()
    app.button(key="dataset-bring-folder").click().run()

    assert "There is no folder /nowhere/at/all" in texts(app)


def test_uploads_come_in_and_a_broken_one_is_named(studio: Studio):
    services = studio.services
    name = services.datasets.create("Mine")
    stored = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(stored, "PNG")
    flows.dataset_import.bring_files(
        services, name, [("猫.png", stored.getvalue()), ("broken.png", stored.getvalue()[:60])]
    )
    assert not studio.page("dataset").exception  # while it runs
    until = time.monotonic() + 90
    while services.imports.state(name).is_active and time.monotonic() < until:
        time.sleep(0.05)

    app = studio.page("dataset")

    assert not app.exception
    assert "1 pictures were taken in" in texts(app) and "broken.png" in texts(app)
    app.button(key="icon-dataset-import-dismiss").click().run()
    assert "broken.png" not in texts(app)


def test_a_deleted_dataset_comes_back_with_undo(studio: Studio):
    name = a_dataset(studio, "a")
    app = studio.page("dataset")

    app.menu_button(key="icon-dataset-more").click("delete").run()
    assert studio.services.datasets.names() == ()
    app.button(key="undo-0").click().run()

    assert studio.services.datasets.names() == (name,)


def test_a_damaged_dataset_is_a_closed_entry_with_its_reason_and_the_others_work(studio: Studio):
    good, bad = a_dataset(studio, "a cat"), a_dataset(studio, "a dog", title="Broken")
    (studio.services.datasets.folder(bad) / "dataset.json").write_text('{"title": ')

    for page, choice in (("dataset", "dataset-choice"), ("train", "train:dataset")):
        app = studio.page(page)
        assert not app.exception
        assert app.button(key=f"dataset-damaged-{bad}").disabled
        assert "dataset.json cannot be read" in texts(app)
        assert app.selectbox(key=choice).value == good

    app = studio.page("dataset", dataset=bad)
    app.button(key=f"dataset-damaged-delete-{bad}").click().run()
    assert not app.exception
    assert studio.services.datasets.names() == (good,)


def test_when_every_dataset_is_damaged_the_pages_say_so_and_offer_a_new_one(studio: Studio):
    bad = a_dataset(studio, "a dog")
    (studio.services.datasets.folder(bad) / "dataset.json").write_text("")

    for page, offered in (("dataset", "dataset-start-ink"), ("train", "train-sample-ink")):
        app = studio.page(page)
        assert not app.exception
        assert "dataset.json cannot be read" in texts(app)
        assert app.button(key=offered)


def test_the_largest_upload_holds_a_hundred_pictures_and_is_said_beforehand(studio: Studio):
    picture = io.BytesIO()
    Image.effect_noise((1024, 1024), 90).convert("RGB").save(picture, "PNG")
    a_dataset(studio)
    megabytes = 400

    for language, text in (("en", f"At most {megabytes} MB"), ("zh", f"不超过 {megabytes} MB")):
        app = studio.page("dataset", language=language)
        assert text in texts(app)
    assert 100 * len(picture.getvalue()) < megabytes * 2**20
