"""The Kolors tokenizer for counting: how many tokens a prompt has, and where Kolors cuts it.

Only SentencePiece and its 1 MB vocabulary from DiffSynth's folder are loaded, so the pages may call this too.
"""

from __future__ import annotations

import importlib.util
import re
from functools import cache, lru_cache
from pathlib import Path

import sentencepiece

PREFIX_IDS = (64790, 64792)
"""[gMASK] and sop, put before every prompt.

Source: diffsynth 1.1.9, prompters/kolors_prompter.py, `get_prefix_tokens`.
"""
KOLORS_TOKEN_LIMIT = 256
"""Source: diffsynth 1.1.9, prompters/kolors_prompter.py, `encode_prompt`: max_length=256 with truncation at the end."""
_SPACE = "▁"
"""How pieces write a space."""
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
"""A piece that is one byte of a character that the vocabulary lacks."""
_VOCABULARY_FILE = Path("tokenizer_configs", "kolors", "tokenizer", "tokenizer.model")


def encode_ids(text: str) -> list[int]:
    """The ids of a prompt as the text encoder is given them, prefix included, neither cut nor padded."""
    return [*PREFIX_IDS, *_vocabulary().encode(text)]


@lru_cache(maxsize=1024)
def count_tokens(text: str) -> int:
    """Tokens of a prompt, its two prefix tokens included."""
    return len(encode_ids(text))


@lru_cache(maxsize=1024)
def cut_position(text: str, limit: int = KOLORS_TOKEN_LIMIT) -> int | None:
    """Index of the first character that a text encoder of `limit` tokens does not see, or None if it sees all.

    Args:
        text: a prompt.
        limit: tokens, prefix included; at least 2.
    """
    plain = text.replace(_SPACE, " ")
    pieces: list[str] = _vocabulary().encode(plain, out_type=str)
    kept = max(limit - len(PREFIX_IDS), 0)
    if len(pieces) <= kept:
        return None
    # SentencePiece puts one space before the text; a rare character may be cut between its bytes.
    size_bytes = sum(_size_bytes(piece) for piece in pieces[:kept]) - 1
    return len(plain.encode()[: max(size_bytes, 0)].decode(errors="ignore"))


@lru_cache(maxsize=1024)
def token_span(text: str, start: int, end: int) -> tuple[int, int]:
    """The tokens that hold the characters `start` … `end` - 1 of a prompt, as a slice of `encode_ids`.

    A token that holds one of them and something else too belongs to them; a slice of nothing where there are none.
    """
    plain = text.replace(_SPACE, " ")
    first, last = (len(plain[:place].encode()) for place in (start, end))
    at, inside = -1, []  # SentencePiece puts one space before the text
    pieces: list[str] = _vocabulary().encode(plain, out_type=str)
    for number, piece in enumerate(pieces, start=len(PREFIX_IDS)):
        before, at = at, at + _size_bytes(piece)
        if before < last and at > first:
            inside.append(number)
    return (inside[0], inside[-1] + 1) if inside and first < last else (len(PREFIX_IDS), len(PREFIX_IDS))


def _size_bytes(piece: str) -> int:
    return 1 if _BYTE.fullmatch(piece) else len(piece.replace(_SPACE, " ").encode())


def vocabulary_path() -> Path:
    """Where DiffSynth keeps the tokenizer's vocabulary.

    Raises:
        ModuleNotFoundError: DiffSynth is not installed.
    """
    found = importlib.util.find_spec("diffsynth")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("diffsynth is not installed: it brings the Kolors tokenizer")
    return Path(found.origin).parent / _VOCABULARY_FILE


@cache
def _vocabulary() -> sentencepiece.SentencePieceProcessor:
    return sentencepiece.SentencePieceProcessor(model_file=str(vocabulary_path()))
