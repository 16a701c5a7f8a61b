import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine.domain.run import TrainedPicture
from story_engine.domain.training import TrainingSpec
from story_engine.training.buckets import Bucket, bucket_of, buckets, by_bucket, crops_of


def a_picture(width, height) -> TrainedPicture:
    return TrainedPicture(file="a.png", sha256="0", caption="", width=width, height=height)


def a_spec(**changes) -> TrainingSpec:
    return TrainingSpec(**({"name": "a", "dataset": "b"} | changes))


@pytest.mark.parametrize("side", [64, 256, 512, 768, 1024])
def test_buckets_are_multiples_of_64_and_no_larger_than_the_square(side):
    found = buckets(side)

    assert Bucket(side, side) in found
    assert all(bucket.width % 64 == 0 and bucket.height % 64 == 0 for bucket in found)
    assert all(bucket.width * bucket.height <= side * side for bucket in found)
    assert {(bucket.height, bucket.width) for bucket in found} == {(bucket.width, bucket.height) for bucket in found}


@pytest.mark.parametrize(
    ("size", "expected"), [((1024, 1024), (1024, 1024)), ((1920, 1080), (1344, 768)), ((1080, 1920), (768, 1344))]
)
def test_a_picture_goes_where_its_shape_is_nearest(size, expected):
    bucket = bucket_of(a_picture(*size), a_spec(), side=1024)

    assert (bucket.width, bucket.height) == expected
    assert bucket_of(a_picture(*size), a_spec(aspect_buckets=False), side=1024) == Bucket(1024, 1024)


@given(st.integers(32, 4000), st.integers(32, 4000), st.booleans())
def test_every_crop_lies_within_its_picture(width, height, center):
    picture = a_picture(width, height)
    spec = a_spec(center_crop=center)
    bucket = bucket_of(picture, spec, side=256)

    crops = crops_of(picture, bucket, spec)

    assert 1 <= len(crops) <= 4 and len(set(crops)) == len(crops)
    for crop in crops:
        left, top, right, bottom = crop.box(width, height)
        assert 0 <= left < right <= width and 0 <= top < bottom <= height
        assert (right - left) / (bottom - top) == pytest.approx(bucket.width / bucket.height, rel=0.05)


def test_the_middle_is_the_middle():
    spec = a_spec(center_crop=True, aspect_buckets=False)

    (crop,) = crops_of(a_picture(512, 256), Bucket(256, 256), spec)

    assert crop.box(512, 256) == (128, 0, 384, 256)


def test_pictures_are_grouped_by_size():
    sizes = [Bucket(64, 64), Bucket(64, 128), Bucket(64, 64)]

    assert by_bucket(sizes) == ((0, 2), (1,))
