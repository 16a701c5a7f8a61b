"""Files that came as a LoRA are called what they are."""

from __future__ import annotations

import gzip
import io
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import save

from story_engine.formats.file_kind import kind_of


def kinds(folder: Path) -> dict[str, list[bytes]]:
    """What each kind looks like."""
    tensors = {"a": torch.zeros(3)}
    fresh, old = io.BytesIO(), io.BytesIO()
    torch.save(tensors, fresh)
    torch.save(tensors, old, _use_new_zipfile_serialization=False)
    packed, picture, array = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("ink.safetensors", save(tensors))
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    np.save(array, np.zeros(3))
    return {
        "safetensors": [save(tensors), save(tensors)[:20], b"\x01\x02\x03\xff\xfe random"],
        "checkpoint": [fresh.getvalue()],
        "old_checkpoint": [old.getvalue(), old.getvalue()[:-40]],
        "empty": [b"", b"\0" * 5000],
        "pointer": [b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"],
        "web_page": [
            b"<!DOCTYPE html><html><body>Log in</body></html>",
            b"\xef\xbb\xbf\n <html lang=zh>",
            b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
        ],
        "archive": [packed.getvalue(), gzip.compress(b"x"), b"7z\xbc\xaf\x27\x1c.....", b"Rar!\x1a\x07", tar("x")],
        "cut_archive": [fresh.getvalue()[:200], packed.getvalue()[:-10]],
        "tar_checkpoint": [tar("storages")],
        "pickle": [pickle.dumps({"a": 1}), pickle.dumps([1], protocol=2)],
        "picture": [picture.getvalue(), b"\xff\xd8\xff\xe0\x00\x10JFIF"],
        "model": [b"GGUF\x03\0\0\0", array.getvalue()],
        "document": [b"%PDF-1.7\n"],
        "text": [b'{"lora_alpha": 4}\n', "不存在该文件\n".encode(), b"404: Not Found"],
    }


def tar(name: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return content.getvalue()


def test_every_kind_is_known_whatever_the_file_is_called(tmp_path: Path) -> None:
    wrong = []
    for kind, contents in kinds(tmp_path).items():
        for content in contents:
            (tmp_path / "x.safetensors").write_bytes(content)
            if (found := kind_of(tmp_path / "x.safetensors")) != kind:
                wrong.append(f"{kind}: {found} {content[:20]!r}")

    assert wrong == []


@given(content=st.binary(max_size=400))
def test_no_bytes_are_too_odd(tmp_path_factory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("x") / "x"
    path.write_bytes(content)

    assert kind_of(path)
