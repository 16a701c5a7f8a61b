"""What must not leave this machine in a text: tokens, keys, addresses with passwords, and paths of its own disk.

Found by their published forms. A token has a mark and a length; random letters, such as those of a hash or of a picture
in base64, have none, and are not taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SHOWN = 6
"""Characters of a secret that a message repeats: enough to find it, too few to use it."""
_START, _END = r"(?<![A-Za-z0-9_/+-])", r"(?![A-Za-z0-9_])"

_SECRETS = {
    "ModelScope": r"ms-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|ms-[A-Za-z0-9]{24,}",
    "Hugging Face": r"(?:hf|api_org)_[A-Za-z0-9]{16,}",
    "OpenAI / Anthropic / DashScope": r"sk-(?:[a-z]+\d*-)*[A-Za-z0-9_-]{20,}",
    "GitHub": r"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}",
    "GitLab": r"glpat-[A-Za-z0-9_-]{20,}",
    "AWS": r"(?:AKIA|ASIA)[0-9A-Z]{16}",
    "Alibaba Cloud": r"LTAI[A-Za-z0-9]{12,26}",
    "Google": r"AIza[A-Za-z0-9_-]{33,40}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}",
    "Slack": r"xox[abeoprs]-[A-Za-z0-9-]{10,}",
    "Replicate / Weights & Biases": r"r8_[A-Za-z0-9]{30,}|wandb_v1_[A-Za-z0-9_]{20,}",
    "Stripe": r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
    "Civitai": r"civitai_[A-Za-z0-9]{24,}",
    "npm / PyPI": r"npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{40,}",
    "JWT": r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
}
_ELSEWHERE = {
    "private key": r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|AGE-SECRET-KEY-1[0-9A-Z]{50,}",
    "URL": r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@\"'<>]{0,200}:[^\s/@\"'<>]{1,200}@[^\s\"'<>]{1,200}",
    "password": r"(?i:(?:authorization|bearer|password|passwd|pwd|secret[_-]?key|access[_-]?key|api[_-]?key|"
    r"access[_-]?token|auth[_-]?token|modelscope_api_token|hf_token)"
    r"(?:[\"'\s\\]{0,4}[:=]|\s(?=[a-z0-9]{24}))[\"'\s\\]{0,4}(?:bearer\s+)?[a-z0-9_./+~-]{12,}={0,2})",
}
"""Forms that stand within other text, and so need no edge."""
_ROOTS = (
    "home|Users|root|mnt|media|tmp|var|opt|work|workspace|data|usr|etc|private|Volumes|srv|run|content|kaggle|"
    "autodl-tmp|autodl-fs|proc|dev|Library|Applications|storage|sdcard|gpfs|lustre|nfs|scratch|cpfs01|nas|oss"
)
_NAME = r"[^\s/\\\"'<>|:*?,;()\[\]{}，。；、]"
_PATHS = (
    rf"(?<![\w/+.:~<*-])/(?:{_ROOTS})/{_NAME}+(?:/{_NAME}+)*",
    rf"(?<![A-Za-z0-9])[A-Za-z]:(?:\\{{1,2}}|/(?!/)){_NAME}+(?:[\\/]{{1,2}}{_NAME}+)*",
    rf"(?<![\\\w])\\\\{{1,3}}[A-Za-z0-9][\w.-]{{1,60}}\\{{1,2}}[\w$.-]+(?:\\{{1,2}}{_NAME}+)*",
    rf"(?<![\w/.~])~(?:[A-Za-z_][\w-]{{0,31}})?/{_NAME}+",
    r"(?i:file):/{1,3}[^\s\"'<>]+",
    rf"(?:%(?:USERPROFILE|APPDATA|HOMEPATH)%|\$\{{?(?:HOME|USERPROFILE)\}}?)[\\/]{{1,2}}{_NAME}+",
)
_DATA_ADDRESS = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,[A-Za-z0-9+/=]+")
_SECRET = {kind: re.compile(f"{_START}(?:{form}){_END}") for kind, form in _SECRETS.items()} | {
    kind: re.compile(form) for kind, form in _ELSEWHERE.items()
}
_PATH = [re.compile(form) for form in _PATHS]
_MARKS = {
    "ModelScope": ("ms-",),
    "Hugging Face": ("hf_", "api_org_"),
    "OpenAI / Anthropic / DashScope": ("sk-",),
    "GitHub": ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    "GitLab": ("glpat-",),
    "AWS": ("AKIA", "ASIA"),
    "Alibaba Cloud": ("LTAI",),
    "Google": ("AIza", "ya29.", "GOCSPX-"),
    "Slack": ("xox",),
    "Replicate / Weights & Biases": ("r8_", "wandb_v1_"),
    "Stripe": ("k_live_", "k_test_"),
    "Civitai": ("civitai_",),
    "npm / PyPI": ("npm_", "pypi-"),
    "JWT": ("eyJ",),
    "private key": ("PRIVATE KEY", "AGE-SECRET-KEY-1"),
    "URL": ("://",),
}
"""Each form contains one of these letters, and to look for letters takes a hundredth of the time."""
_PASSWORD_MARKS = ("author", "bearer", "passw", "pwd", "key", "token")
"""The same in any case; without the letter i, which has capitals of its own in Turkish."""
_PATH_MARKS = (("/",), (":\\", ":/"), ("\\\\",), ("~",), (":/",), ("%", "$"))
"""Of each of the forms of paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """One thing in a text that must not leave the machine."""

    kind: str
    """What it is, as its maker calls it; "path" for a path."""
    shown: str
    """As a message may repeat it."""
    start: int
    end: int
    """Characters."""

    @property
    def is_path(self) -> bool:
        """Whether it is a place on a disk, and no secret."""
        return self.kind == "path"


def leaks(text: str, *, own: Iterable[str] = ()) -> tuple[Leak, ...]:
    """Every secret and every absolute path in `text`, in order; what lies inside another is not said twice.

    Args:
        text: any.
        own: folders of this machine that are found wherever they stand, whatever they are called.
    """
    # Pictures in a page are no text, and long; their place is kept so that what is found stays where it is.
    plain = _DATA_ADDRESS.sub(lambda match: " " * len(match.group()), text) if ";base64," in text else text
    found = sorted((*_secrets(plain), *_paths(plain, tuple(own))), key=lambda leak: (leak.start, -leak.end))
    apart: list[Leak] = []
    for leak in found:
        if not apart or leak.start >= apart[-1].end:
            apart.append(leak)
    return tuple(apart)


def _secrets(text: str) -> Iterator[Leak]:
    folded = text.casefold()
    for kind, form in _SECRET.items():
        marks, place = (_PASSWORD_MARKS, folded) if kind == "password" else (_MARKS[kind], text)
        if not any(mark in place for mark in marks):
            continue
        for match in form.finditer(text):
            secret = match.group()
            yield Leak(kind=kind, shown=f"{secret[:SHOWN]}…", start=match.start(), end=match.end())


def _paths(text: str, own: tuple[str, ...]) -> Iterator[Leak]:
    forms = [
        *(form for form, marks in zip(_PATH, _PATH_MARKS, strict=True) if any(mark in text for mark in marks)),
        *(re.compile(rf"(?<![\w/]){re.escape(folder)}(?!\w){_NAME}*") for folder in own if len(folder) > 1),
    ]
    for form in forms:
        for match in form.finditer(text):
            yield Leak(kind="path", shown=match.group()[:80], start=match.start(), end=match.end())
