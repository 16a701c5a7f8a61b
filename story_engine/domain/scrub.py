"""Texts that go to somebody else for help: without secrets, without names of people and machines, without paths.

More is taken out than has to be. What is taken out leaves a mark with a number, the same for the same text, so that a
reader still sees what belongs together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from story_engine.domain.secrets import leaks

SECRET_NAMES = re.compile(r"TOKEN|KEY|SECRET|PASS|PWD|AUTH|COOKIE|CREDENTIAL|SIGNATURE|SESSION", re.IGNORECASE)
"""Names of environment variables whose values are never shown."""
SHORTEST_VALUE = 4
"""Characters; what is shorter stands in too many words to be looked for."""
_NAMES = (
    r"pass(?:word|wd|phrase|code)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|signature|sig|"
    r"cookie|credentials?|session(?:[_-]?id)?|authorization|auth|密码|口令|令牌|密钥|秘钥|验证码"
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]*-----.*?(?:-----END [A-Z0-9 ]*-----|\Z)", re.DOTALL)
_NAMED = re.compile(
    rf"(?P<name>[\w-]*(?:{_NAMES})[\w-]*[\"'\\]*\s*(?:[:=：]|=>)\s*[\"'\\]*)"
    r"(?P<value>(?:(?:basic|bearer|token|digest)\s+)?[^\s\"'\\,;&}\])]+)",
    re.IGNORECASE,
)
_SECRET_NAME = re.compile(rf"[\w-]*(?:{_NAMES})[\w-]*", re.IGNORECASE)
_COUNT = re.compile(r"-?\d{1,7}(?:\.\d+)?|none|null|true|false", re.IGNORECASE)
"""What is no secret, whatever it is called: `prompt_tokens=29`."""
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"(?<![\w.])(?:\+?86[- ]?)?1[3-9]\d{9}(?!\w)")
_ADDRESS = re.compile(r"(?<![\d.])(?!127\.|0\.0\.0\.0)(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_LONG = re.compile(r"[A-Za-z0-9_+/=%~-]{16,}")
_PART = re.compile(r"\d{0,6}|[A-Z]?[a-z_-]*")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT?[\d:.+-]*")


class Scrubber:
    """Takes out; remembers the numbers of what it has taken out over many texts."""

    def __init__(self, folders: Mapping[str, str], *, secrets: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        """Know what is this machine's own.

        Args:
            folders: path → what stands for it, such as "workspace".
            secrets: values that go wherever they stand.
            names: of people and machines; they go where they stand as words.
        """
        self._folders = dict(sorted(folders.items(), key=lambda folder: -len(folder[0])))
        self._secrets = sorted({each for each in secrets if len(each) >= SHORTEST_VALUE}, key=len, reverse=True)
        self._names = [
            re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
            for name in sorted(names, key=len, reverse=True)
            if name
        ]
        self._numbers: dict[str, int] = {}
        self.removed: Counter[str] = Counter()
        """Kind → how often something was taken out."""

    def clean(self, text: str) -> str:
        """The text as it may leave the machine."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, self._mark("secret", secret, text.count(secret)))
        text = _PRIVATE_KEY.sub(lambda match: self._mark("private key", match.group()), text)
        for folder, name in self._folders.items():
            text = text.replace(folder, f"<{name}>")
        text = self._without_leaks(text)
        text = _NAMED.sub(self._without_value, text)
        for kind, form in (("email", _EMAIL), ("phone", _NUMBER), ("address", _ADDRESS)):
            text = form.sub(lambda match, kind=kind: self._mark(kind, match.group()), text)  # type: ignore[misc]
        text = _LONG.sub(self._without_long, text)
        for form in self._names:
            text = form.sub(lambda match: self._mark("name", match.group().lower()), text)
        return text

    def clean_tree(self, value: object, name: str = "") -> object:
        """What JSON can say, each text in it cleaned; numbers and the form stay.

        Args:
            value: mappings, sequences, texts, numbers; anything else counts as its text.
            name: what the value is called where it stands: of a token any value goes.
        """
        if isinstance(value, Mapping):
            return {self.clean(str(key)): self.clean_tree(each, str(key)) for key, each in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.clean_tree(each, name) for each in value]
        if value is None or isinstance(value, (bool, int, float)):
            return value
        text = str(value)
        is_secret = _SECRET_NAME.fullmatch(name) is not None and _COUNT.fullmatch(text) is None
        return self._mark("secret", text) if is_secret and text else self.clean(text)

    def _without_leaks(self, text: str) -> str:
        parts, end = [], 0
        for leak in leaks(text):
            parts += [text[end : leak.start], self._mark(leak.kind, text[leak.start : leak.end])]
            end = leak.end
        return "".join([*parts, text[end:]])

    def _without_value(self, match: re.Match[str]) -> str:
        value = match.group("value")
        if value.startswith("<") or _COUNT.fullmatch(value):
            return match.group()
        return match.group("name") + self._mark("secret", value)

    def _without_long(self, match: re.Match[str]) -> str:
        """Letters and digits mixed, as no word is: a key of a kind that nobody has told us of, or a hash."""
        word = match.group()
        if all(_PART.fullmatch(part) for part in word.split("/")):
            return word  # a path of words and small numbers
        digits = sum(character.isdigit() for character in word)
        if digits < 3 or digits == len(word) or _TIME.fullmatch(word):
            capitals = sum(character.isupper() for character in word)
            # `aBcDeFgH…` is no word either, however few digits it has.
            if len(word) < 20 or not (3 <= capitals <= len(word) - 3) or "_" in word.strip("_"):
                return word
        return self._mark("long", word)

    def _mark(self, kind: str, removed: str, times: int = 1) -> str:
        self.removed[kind] += times
        number = self._numbers.setdefault(removed, len(self._numbers) + 1)
        return f"<{kind} {number}>"
