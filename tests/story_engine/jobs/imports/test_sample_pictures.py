import pytest

from story_engine.domain.captions import one_line
from story_engine.domain.picture_import import SAMPLE_STYLES
from story_engine.jobs.imports.sample_pictures import captions


@pytest.mark.parametrize("style", SAMPLE_STYLES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_sample_set_s_captions_are_worded_as_a_dataset_keeps_them(style: str, language: str) -> None:
    """Who asks whether a kept caption is a sample set's own compares the two."""
    worded = captions(style, language=language)

    assert worded == tuple(one_line(each, keep_blanks=True) for each in worded)
