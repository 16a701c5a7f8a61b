from hypothesis import given, settings
from hypothesis import strategies as st

from story_engine.domain.search import Search


def found(find: str, text: str, **options: bool) -> list[str]:
    return [text[start:end] for start, end in Search(find=find, put="", **options).spans(text)]


def test_case_and_width_do_not_matter_unless_asked_for():
    assert found("cat", "Cat ＣＡＴ cat") == ["Cat", "ＣＡＴ", "cat"]
    assert found("cat", "Cat ＣＡＴ cat", match_case=True) == ["cat"]
    assert found("Cat", "Cat Ｃａｔ", match_width=True) == ["Cat"]
    assert found(",", "红，绿,蓝") == ["，", ","]
    assert found(",", "红，绿,蓝", match_width=True) == [","]


def test_whole_words_are_those_of_letters_while_chinese_has_no_spaces():
    assert found("cat", "cat category bobcat cat's", whole_words=True) == ["cat", "cat"]
    assert found("猫", "橘猫和小猫", whole_words=True) == ["猫", "猫"]


def test_a_letter_that_stands_for_several_is_never_taken_apart():
    assert found("f", "ﬁsh of") == ["f"]
    assert found("fi", "ﬁsh") == ["ﬁ"]
    assert found("ss", "Straße") == ["ß"]


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30), st.text(max_size=4), st.booleans(), st.booleans(), st.booleans())
def test_spans_lie_in_the_text_in_order_and_never_overlap(text, find, case, width, whole):
    behind = 0
    for start, end in Search(find=find, put="", match_case=case, match_width=width, whole_words=whole).spans(text):
        assert behind <= start < end <= len(text)
        behind = end
