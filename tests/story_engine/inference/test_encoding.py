"""No prompt is encoded twice, and a damaged cache is written again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from story_engine.inference.encoding import EmbeddingCache, EncodedPrompt


class _Encoder:
    """Encodes a text as its length, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> list[EncodedPrompt]:
        self.asked.append(list(texts))
        return [EncodedPrompt(torch.full((4, 2), float(len(text))), torch.zeros(2)) for text in texts]


def test_a_text_is_encoded_once(tmp_path: Path) -> None:
    encoder, cache = _Encoder(), EmbeddingCache("w", folder=tmp_path)

    first = cache.encoded(["猫", "", "猫"], encode=encoder)
    again = cache.encoded(["", "猫"], encode=encoder)

    assert encoder.asked == [["猫", ""]]
    assert torch.equal(first["猫"].embedding, again["猫"].embedding)


def test_embeddings_outlive_the_process(tmp_path: Path) -> None:
    encoder = _Encoder()
    EmbeddingCache("w", folder=tmp_path).encoded(["a cat"], encode=encoder)

    known = EmbeddingCache("w", folder=tmp_path)

    assert known.knows_all(["a cat"]) and not known.knows_all(["a dog"])
    assert known.encoded(["a cat"], encode=encoder)["a cat"].embedding[0, 0] == 5
    assert len(encoder.asked) == 1


def test_an_embedding_read_from_disk_lies_in_memory_as_a_fresh_one_does(tmp_path: Path) -> None:
    EmbeddingCache("w", folder=tmp_path).encoded(["a cat"], encode=_Encoder())

    read = EmbeddingCache("w", folder=tmp_path).encoded(["a cat"], encode=_Encoder())["a cat"]

    # 32 bytes lie between them in the file, so one of them would be odd.
    assert [each.data_ptr() % 64 for each in (read.embedding, read.pooled)] == [0, 0]


def test_other_weights_have_other_embeddings(tmp_path: Path) -> None:
    encoder = _Encoder()
    EmbeddingCache("one", folder=tmp_path).encoded(["a cat"], encode=encoder)

    assert not EmbeddingCache("other", folder=tmp_path).knows_all(["a cat"])


def test_a_damaged_cache_file_is_encoded_and_written_again(tmp_path: Path) -> None:
    encoder = _Encoder()
    EmbeddingCache("w", folder=tmp_path).encoded(["a cat"], encode=encoder)
    (path,) = tmp_path.rglob("*.safetensors")
    path.write_bytes(path.read_bytes()[:20])

    EmbeddingCache("w", folder=tmp_path).encoded(["a cat"], encode=encoder)

    assert len(encoder.asked) == 2
    assert EmbeddingCache("w", folder=tmp_path).knows_all(["a cat"])


def test_nothing_is_written_where_encoding_is_cheap(tmp_path: Path) -> None:
    EmbeddingCache("w").encoded(["a cat"], encode=_Encoder())

    assert list(tmp_path.iterdir()) == []


def test_many_texts_are_encoded_a_few_at_a_time() -> None:
    encoder = _Encoder()

    EmbeddingCache("w").encoded([str(number) for number in range(20)], encode=encoder)

    assert [len(texts) for texts in encoder.asked] == [8, 8, 4]
