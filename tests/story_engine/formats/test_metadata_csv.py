import codecs
import io

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine.errors import FixInput
from story_engine.formats.metadata_csv import as_metadata_csv, read_metadata_csv

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\n\0"), max_size=40)


@given(st.dictionaries(TEXT, TEXT, max_size=6))
def test_captions_come_back_as_they_were(captions):
    assert read_metadata_csv(as_metadata_csv(captions.items())) == captions


def test_the_trainers_own_reader_finds_the_same():
    content = as_metadata_csv([("a.png", '二次元, "cat"'), ("b.png", "=1+1")])

    table = pandas.read_csv(io.BytesIO(content))

    assert content.startswith(codecs.BOM_UTF8)
    assert table.to_dict("list") == {"file_name": ["a.png", "b.png"], "text": ['二次元, "cat"', "=1+1"]}


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00"])
def test_what_is_no_such_table_is_refused(content):
    with pytest.raises(FixInput, match=r"metadata\.csv"):
        read_metadata_csv(content)
