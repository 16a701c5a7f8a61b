import pytest

from story_engine.domain.models import checked_mirror
from story_engine.errors import FixInput


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" https://hub.example.cn/ ", "https://hub.example.cn"),
        ("https://hub.example.cn:8443/modelscope", "https://hub.example.cn:8443/modelscope"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("  ", ""),
    ],
)
def test_a_mirror_is_a_safe_address_or_this_machine(given, kept):
    assert checked_mirror(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "http://hub.example.cn",
        "http://10.0.0.1",
        "http://127.0.0.1.example.cn",
        "ftp://hub.example.cn",
        "hub.example.cn",
        "https://",
        "https://hub.example.cn/?token=1",
        "https://hub.example.cn/#x",
        "https://hub.example.cn:port",
        "https://a b",
        "https://[::1",
        "https://" + "a" * 400,
    ],
)
def test_anything_else_is_refused(given):
    with pytest.raises(FixInput):
        checked_mirror(given)


def test_a_password_in_an_address_is_not_repeated():
    with pytest.raises(FixInput) as caught:
        checked_mirror("https://me:hunter22@hub.example.cn")

    assert "hunter22" not in str(caught.value) and "hub.example.cn" in str(caught.value)
