from story_engine.domain.replay import PictureReplay, ReplayReport
from story_engine.formats.certificate import certificate


def a_report(**changes) -> ReplayReport:
    picture = PictureReplay(
        file="images/01.png",
        scene="s1",
        seed=7,
        recipe="a" * 32,
        picture_sha256="b" * 64,
        differing=0.0001,
        largest=1,
        mean=0.0001,
        score=6.5,
        score_again=6.4999,
        other_conditions={"torch": ("2.9", "2.10")},
    )
    fields = {
        "bundle": "team.zip",
        "pictures": (picture,),
        "scorer": "aesthetic",
        "scorer_version": "abc",
        "made_with": {"device": "cpu"},
        "loras": {"ink": "c" * 64},
        "bases": {"kolors": "d" * 64},
        "finished_at": "2026-11-28T10:00:00+00:00",
    }
    return ReplayReport(**(fields | changes))


def test_both_languages_have_date_machine_hashes_and_a_row_per_picture():
    text = certificate(a_report())

    for language in (text[: text.index("# Certificate")], text[text.index("# Certificate") :]):
        for figure in ("2026-11-28", "device cpu", "c" * 64, "d" * 64, "0.0100%", "-0.0001", "2.9 → 2.10"):
            assert figure in language, figure


def test_names_of_others_stay_text_in_the_certificate():
    text = certificate(a_report(bundle="a|b\n# <script>alert(1)</script>\u202e.zip", loras={"[x](http://y)": "c" * 64}))

    assert "<script>" not in text and "\u202e" not in text
    assert "\n# \\<" not in text and "[x](http" not in text


def test_pictures_of_another_order_or_recipe_are_other_pictures():
    report = a_report()
    [picture] = report.pictures

    assert report.key == a_report(finished_at="later").key
    assert report.key != a_report(pictures=(picture.model_copy(update={"recipe": "e" * 32}),)).key
    assert report.key != a_report(pictures=(picture.model_copy(update={"file": "images/02.png"}),)).key
