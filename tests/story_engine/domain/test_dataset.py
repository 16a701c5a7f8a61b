import pytest

from story_engine.domain.dataset import (
    Dataset,
    DatasetEntry,
    Filters,
    NearDuplicateFilter,
    RatioFilter,
    ScoreFilter,
    ShapeFilter,
    content_digest,
    decide,
)


def an_entry(file="a.png", width=512, height=512, **changes):
    fields = {
        "file": file,
        "original": file,
        "source": "test",
        "width": width,
        "height": height,
        "sha256": file,
        "original_sha256": file,
        "perceptual_hash": "0" * 16,
    }
    return DatasetEntry(**(fields | changes))


SHAPE = {"min_width": 512, "max_width": 1000, "min_height": 512, "max_height": 1000}
RATIO = {"min_ratio": 0.5, "max_ratio": 2.0}


@pytest.mark.parametrize(
    ("filter_", "sizes", "keeps"),
    [
        # What `dj-process` of py-data-juicer 1.6.1 did with the same pictures.
        (ShapeFilter(**SHAPE), [(512, 512)], True),
        (ShapeFilter(**SHAPE), [(1000, 1000)], True),
        (ShapeFilter(**SHAPE), [(511, 600)], False),
        (ShapeFilter(**SHAPE), [(600, 511)], False),
        (ShapeFilter(**SHAPE), [(1001, 600)], False),
        (ShapeFilter(min_width=1024, min_height=1024), [(1024, 512)], False),
        (ShapeFilter(**SHAPE), [], True),
        (ShapeFilter(**SHAPE, any_or_all="any"), [(100, 100), (600, 600)], True),
        (ShapeFilter(**SHAPE, any_or_all="all"), [(100, 100), (600, 600)], False),
        (ShapeFilter(**SHAPE, any_or_all="all"), [(600, 600), (700, 700)], True),
        (ShapeFilter(**SHAPE, min_closed_interval=False), [(512, 600)], False),
        (ShapeFilter(**SHAPE, max_closed_interval=False), [(600, 1000)], False),
        (ShapeFilter(**SHAPE, reversed_range=True), [(600, 600)], False),
        (ShapeFilter(**SHAPE, reversed_range=True), [(100, 600)], True),
        (RatioFilter(**RATIO), [(2048, 1024)], True),
        (RatioFilter(**RATIO), [(1024, 2048)], True),
        (RatioFilter(**RATIO), [(2049, 1024)], False),
        (RatioFilter(**RATIO), [(1024, 2049)], False),
        (RatioFilter(**RATIO), [], True),
        (RatioFilter(**RATIO, any_or_all="any"), [(3000, 100), (500, 500)], True),
        (RatioFilter(**RATIO, any_or_all="all"), [(3000, 100), (500, 500)], False),
        (RatioFilter(**RATIO, max_closed_interval=False), [(2048, 1024)], False),
        (RatioFilter(), [(333, 1000)], True),
        (RatioFilter(), [(332, 1000)], False),
    ],
)
def test_the_filters_keep_what_data_juicer_keeps(filter_, sizes, keeps):
    assert filter_.keeps(sizes) is keeps


def test_any_other_rule_than_any_or_all_is_refused():
    with pytest.raises(ValueError, match="any_or_all"):
        ShapeFilter(any_or_all="some")


def test_each_dropped_picture_has_its_first_reason():
    filters = Filters(
        shape=ShapeFilter(is_on=True, min_width=256, min_height=256),
        ratio=RatioFilter(is_on=True, max_ratio=1.5),
        near_duplicates=NearDuplicateFilter(is_on=True),
        score=ScoreFilter(is_on=True, min_score=5),
    )
    entries = (
        an_entry("hand.png", 10, 10, left_out=True),
        an_entry("small.png", 10, 10),
        an_entry("long.png", 1000, 300),
        an_entry("ugly.png"),
        an_entry("duplicate.png"),
        an_entry("good.png"),
        an_entry("unscored.png"),
    )
    dataset = Dataset(title="t", filters=filters, entries=entries)

    dropped = decide(dataset, near_duplicates={"duplicate.png": "good.png"}, scores={"ugly.png": 4.99, "good.png": 5.0})

    assert {file: each.code.rpartition("_")[2] for file, each in dropped.items()} == {
        "hand.png": "hand",
        "small.png": "shape",
        "long.png": "ratio",
        "ugly.png": "score",
        "duplicate.png": "duplicate",
    }


def test_filters_that_are_off_drop_nothing():
    dataset = Dataset(title="t", entries=(an_entry("tiny.png", 1, 900),))

    assert decide(dataset, near_duplicates={"tiny.png": "x"}, scores={"tiny.png": 0.1}) == {}


def test_the_digest_follows_pictures_and_captions_but_not_their_order():
    one = content_digest([("a", "cat"), ("b", "dog")])

    assert content_digest([("b", "dog"), ("a", "cat")]) == one
    assert content_digest([("a", "cat"), ("b", "dogs")]) != one
    assert content_digest([("a", "cat")]) != one


def test_a_dataset_comes_back_from_json_as_it_was():
    dataset = Dataset(
        title="t",
        entries=(an_entry(caption="“猫”\u2028"),),
        filters=Filters(near_duplicates=NearDuplicateFilter(bits=7)),
    )

    assert Dataset.model_validate_json(dataset.model_dump_json()) == dataset


def test_an_index_of_the_first_version_is_read_by_its_old_words():
    filters = Filters(near_duplicates=NearDuplicateFilter(is_on=True, bits=7))
    dataset = Dataset(title="t", entries=(an_entry(),), filters=filters)
    written = dataset.model_dump_json().replace("near_duplicates", "twins").replace("perceptual_hash", "likeness")

    assert Dataset.model_validate_json(written) == dataset


def test_an_index_that_would_lead_out_of_its_folder_or_break_a_page_is_damaged():
    for field, value in (
        ("file", "../../x.png"),
        ("original", "a/b.png"),
        ("file", ".."),
        ("width", 0),
        ("height", -1),
        ("perceptual_hash", "zz"),
    ):
        with pytest.raises(ValueError, match=field):
            an_entry(**{field: value})
