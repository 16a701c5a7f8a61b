import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine.errors import FixInput
from story_engine.formats.caption_csv import read_caption_csv
from story_engine.formats.metadata_csv import as_metadata_csv

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\n\0"), max_size=40)
NAME = st.from_regex(r"[a-z0-9 ,\"猫é]{0,8}[a-z猫]\.(png|JPG|webp)", fullmatch=True).map(str.strip)
WORDS = st.text("abc ,;\t\"'，。红猫", min_size=1, max_size=30).filter(lambda text: text.strip(' ,;\t"'))


def read(text, name="metadata.csv"):
    table = read_caption_csv(text, name=name)
    return {row.picture: row.text for row in table.rows}, [(fault.line, fault.code) for fault in table.faults]


@given(st.dictionaries(NAME, TEXT, max_size=6))
def test_what_the_studio_writes_comes_back_as_it_was(captions):
    assert read(as_metadata_csv(captions.items()).decode("utf-8-sig")) == (captions, [])


@given(
    st.lists(st.tuples(NAME, st.text('abc 红\n",;', max_size=30)), max_size=6, unique_by=lambda each: each[0]),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\r\n", "\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_well_formed_tables_of_other_programs_are_read(rows, delimiter, ending, quoting):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=ending, quoting=quoting)
    writer.writerows([("Image", "Score", "Caption"), *((name, "0,5", caption) for name, caption in rows)])

    found, faults = read(text.getvalue())

    assert ({name: caption.replace("\r\n", "\n") for name, caption in found.items()}, faults) == (dict(rows), [])


@given(st.lists(st.text("abc ,红!?。'", min_size=1, max_size=30).filter(lambda text: text.strip(" ,")), max_size=8))
def test_bare_commas_belong_to_the_caption_wherever_its_column_stands(captions):
    behind = "\n".join(["file_name,text", *(f"{place}.png,{caption}" for place, caption in enumerate(captions))])
    before = "\n".join(["text,file_name", *(f"{caption},{place}.png" for place, caption in enumerate(captions))])
    between = "\n".join(["id,text,file_name", *(f"7,{caption},{n}.png" for n, caption in enumerate(captions))])
    wanted = {f"{place}.png": caption.rstrip(", ") for place, caption in enumerate(captions)}

    for text in (behind, before, between):
        found, faults = read(text)
        assert {name: caption.rstrip(", ") for name, caption in found.items()} == wanted and faults == []


@given(st.lists(WORDS, min_size=1, max_size=8), st.data())
def test_a_quote_that_never_closes_costs_no_other_row(captions, data):
    captions = [caption.replace('"', "") or "x" for caption in captions]
    open_at = data.draw(st.integers(0, len(captions) - 1))
    quotes = ['"' if place == open_at else "" for place in range(len(captions))]
    rows = [f"{place}.png,{quotes[place]}{caption}" for place, caption in enumerate(captions)]

    found, faults = read("\n".join(["file_name,text", *rows]))

    assert set(found) == {f"{place}.png" for place in range(len(captions))}
    assert faults == [(open_at + 2, "quote")]


@given(st.text(max_size=200))
def test_any_text_is_a_table_or_refused_by_name(text):
    try:
        read_caption_csv(text, name="metadata.csv")
    except FixInput as refused:
        assert refused.code == "dataset.captions_columns"


def test_the_open_quote_of_one_row_is_mended_and_named():
    found, faults = read('file_name,text\n1.png,"a red circle\n2.png,a blue box\n3.png,a green line\n4.png,4" ruler\n')

    assert found == {"1.png": "a red circle", "2.png": "a blue box", "3.png": "a green line", "4.png": '4" ruler'}
    assert faults == [(2, "quote")]


def test_an_open_quote_ends_with_its_line_where_names_have_no_ending():
    found, faults = read('file_name,text\nimg_1,"a red circle\nimg_2,a blue box\nimg_3,4" ruler\n')

    assert (found, faults) == ({"img_1": "a red circle", "img_2": "a blue box", "img_3": '4" ruler'}, [(2, "quote")])


def test_quotes_are_the_captions_own_where_they_frame_no_cell():
    rows = {
        '1.png,"a red" circle, big': '"a red" circle, big',
        '1.png,a "red" circle, big': 'a "red" circle, big',
        '1.png, "a, b"': "a, b",
        '1.png,"a, ""b"""': 'a, "b"',
        "1.png,'a', b": "'a', b",
        '"1.png","a" b': "a b",
        '1.png,"a, b': "a, b",
        '"1.png,a': "a",
    }

    assert {row: read(f"file_name,text\n{row}\n2.png,c")[0] for row in rows} == {
        row: {"1.png": caption, "2.png": "c"} for row, caption in rows.items()
    }


def test_a_quoted_caption_may_have_lines_commas_and_quotes():
    assert read('file_name,text\n1.png,"a ""red""\ncircle, big"\n2.png,b\n')[0] == {
        "1.png": 'a "red"\ncircle, big',
        "2.png": "b",
    }


def test_columns_are_known_by_many_names_in_any_case():
    heads = [
        "FILE_NAME,TEXT",
        "image,prompt",
        "Text,File Name",
        "文件名,描述",
        "path,score,Caption",
        " file-name , text ",
    ]
    for head in heads:
        cells = ["1.png" if n == 0 else "x" for n in range(len(head.split(",")))]
        if head.startswith("Text"):
            cells.reverse()
        assert read(f"{head}\n{','.join(cells)}")[0] == {"1.png": "x"}, head


def test_excels_semicolons_tabs_and_its_own_first_line_are_read():
    for text in (
        "file_name;text\n1.png;a, b\n",
        "file_name\ttext\n1.png\ta, b\n",
        "sep=;\nfile_name;text\n1.png;a, b\n",
        'file_name,text,,\r\n1.png,"a, b",,\r\n,,,\r\n',
        'file_name,text\r1.png,"a, b"\r',
    ):
        assert read(text) == ({"1.png": "a, b"}, []), text


def test_a_table_without_names_of_columns_is_told_by_its_file_names():
    assert read("1.png,a red dress, blue\n2.png,b\n")[0] == {"1.png": "a red dress, blue", "2.png": "b"}
    assert read("a red dress,1.png\nb,2.png\n")[0] == {"1.png": "a red dress", "2.png": "b"}
    assert read("Bild;Beschreibung\n1.png;rot\n")[0] == {"1.png": "rot"}


def test_rows_that_are_too_short_are_named():
    assert read("file_name,text\n1.png\n,no picture\n\n2.png,b\n") == (
        {"2.png": "b"},
        [(2, "no_caption"), (3, "unreadable")],
    )


@pytest.mark.parametrize("text", ["", "\n\n", "a,b\n1,2\n", "hello", "id,score,label2\n1.png,2,3\n"])
def test_what_is_no_such_table_is_refused_with_its_columns(text):
    with pytest.raises(FixInput, match=r"metadata\.csv"):
        read(text)
