"""The header's reader judges as the format's own library does, whatever the bytes are, and never breaks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open

from story_engine.config import PROJECT_FOLDER
from story_engine.formats.safetensors_header import HeaderError, read_header

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats(allow_subnormal=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_DTYPE = st.sampled_from(["F32", "F16", "BF16", "F8_E4M3", "F8_E8M0", "F4", "C64", "BOOL", "I8", "F99", ""]) | _JSON
_ENTRY = st.fixed_dictionaries(
    {
        "dtype": _DTYPE,
        "shape": st.lists(st.integers(0, 4), max_size=3) | _JSON,
        "data_offsets": st.just([0, 16]) | st.just([16, 32]) | _JSON,
    }
)
_HEADER = st.dictionaries(
    st.text(max_size=6) | st.just("__metadata__"),
    _ENTRY | st.dictionaries(st.text(max_size=5), st.text(max_size=5)) | _JSON,
    max_size=4,
)


def written(path: Path, header: Any, body: bytes = b"\0" * 32) -> Path:
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(content).to_bytes(8, "little") + content + body)
    return path


def judgements(path: Path) -> tuple[object, object]:
    """What the format's library finds in the file, and what we find; None when it is refused."""
    try:
        with safe_open(path, "np") as opened:
            theirs = (sorted(opened.keys()), opened.metadata() or {})
    except SafetensorError:
        theirs = None
    try:
        header = read_header(path)
        ours = (sorted(header.tensors), dict(header.metadata))
    except HeaderError as error:
        assert error.kind in ("truncated", "too_large", "unreadable") and str(error)
        ours = None
    return theirs, ours


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(header=_HEADER, body=st.integers(0, 40))
def test_odd_headers_are_judged_as_the_formats_own_library_judges_them(
    tmp_path_factory: pytest.TempPathFactory, header: Any, body: int
) -> None:
    path = written(tmp_path_factory.mktemp("odd") / "x.safetensors", header, b"\0" * body)

    theirs, ours = judgements(path)

    assert ours == theirs


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    (folder / "plain").write_bytes(content)

    for path in (folder / "plain", written(folder / "framed", content)):
        theirs, ours = judgements(path)
        assert ours == theirs


def test_headers_that_once_broke_the_reader_are_judged_too(tmp_path: Path) -> None:
    entry = {"dtype": "F32", "shape": [8], "data_offsets": [0, 32]}
    accepted = [{"__metadata__": None, "a": entry}, {"a": entry}, {"__metadata__": {"k": "v"}, "a": entry}]
    refused = [
        {"a": entry | {"dtype": []}},
        {"a": entry | {"dtype": {}}},
        {"a": entry | {"shape": None}},
        {"a": entry | {"shape": [True]}},
        {"a": entry | {"data_offsets": [32, 0]}},
        {"a": entry | {"data_offsets": [0, 2**80]}},
        {"__metadata__": {"k": 1}, "a": entry},
        {"__metadata__": [], "a": entry},
        [],
        b"[" * 50_000,
        b'{"a":' * 20_000,
        b"\xff\xfe{}",
    ]
    wrong = [header for header in accepted if None in judgements(written(tmp_path / "x", header))]
    wrong += [str(header)[:80] for header in refused if judgements(written(tmp_path / "x", header)) != (None, None)]

    assert wrong == []


def test_what_is_missing_at_the_end_is_counted(tmp_path: Path) -> None:
    entry = {"dtype": "F32", "shape": [8], "data_offsets": [0, 32]}

    with pytest.raises(HeaderError, match="12 bytes are missing") as caught:
        read_header(written(tmp_path / "x", {"a": entry}, b"\0" * 20))

    assert caught.value.kind == "truncated"


def test_the_reader_needs_no_torch() -> None:
    code = "import story_engine.formats.safetensors_header, sys; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT_FOLDER, check=False).returncode == 0
