import codecs
import io

import pandas

from story_engine.formats.metadata_csv import as_metadata_csv


def test_the_trainers_own_reader_finds_the_same():
    content = as_metadata_csv([("a.png", '二次元, "cat"'), ("b.png", "=1+1")])

    table = pandas.read_csv(io.BytesIO(content))

    assert content.startswith(codecs.BOM_UTF8)
    assert table.to_dict("list") == {"file_name": ["a.png", "b.png"], "text": ['二次元, "cat"', "=1+1"]}
