"""Secrets and paths in texts: planted ones are found, what only looks alike is not."""

import base64
import json
import random
import string
import time

import yaml

from story_engine.domain.secrets import _MARKS, leaks

SECRETS = (
    "ms-0a1b2c3d-1111-2222-3333-444455556666",
    "ms-abcdefABCDEF0123456789abcd",
    "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH",
    "sk-abcdefghijklmnopqrstuvwxyz0123456789",
    "sk-proj-abcdefghijklmnopqrstuvwxyz_0123456789-x",
    "sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz0123456789",
    "glpat-abcdefghijklmnopqrst",
    "AKIAIOSFODNN7EXAMPLE",
    "LTAI5tAbCdEfGhIjKlMnOpQr",
    "AIzaSyA1234567890abcdefghijklmnopqrstuvw",
    "xoxb-123456789012-abcdefghijkl",
    "r8_abcdefghijklmnopqrstuvwxyz012345678",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----",
    "https://name:p4ssw0rd@example.com/repository.git",
    "http://user:x@proxy.local:8080",
    "MODELSCOPE_API_TOKEN=abcdef0123456789abcdef",
    '"api_key": "0123456789abcdef0123"',
    "Authorization: Bearer abcdefghijklmnop0123",
    "password: correct-horse-battery",
)
PATHS = (
    "/home/mei/LoRA/train",
    "/Users/mei/Desktop/cat.png",
    "/root/autodl-tmp/kolors",
    "/mnt/workspace/data",
    "/content/drive/MyDrive/lora",
    "/tmp/gradio/x.png",
    "C:\\Users\\小美\\lora",
    "d:/models/Kolors",
    "\\\\server\\share\\lora",
    "~/models/lora",
    "~mei/models",
    "file:///home/mei/a.png",
    "%USERPROFILE%\\lora",
    "$HOME/lora",
)
HARMLESS = (
    "a girl with long black hair, red dress, 1/2 body, male/female, and/or",
    "二次元，一个紫色短发小女孩，在家中沙发上坐着，双手托着腮",
    "https://www.modelscope.cn/models/team/可图Kolors训练-cat",
    "http://localhost:8501/Submit?story=cat",
    "images/01.png, lora/ink.safetensors, ../x, ./y",
    "Time 12:30, ratio 16:9, a:b, (x:1.2), C: drive, 3:/",
    "sk-8 skateboard, ms-dos, hf_ radio, risk-averse-investors-of-the-world",
    "0123456789abcdef" * 4,
    "<b>bold</b><i>/</i> // comment /* home */ </home/>",
    "email mei@example.com, @mei, password is not here, tokens: 77 of 256",
    "~ 3 m, ~5/10, 50%/50%, $5/$6, \\n \\frac{a}{b} \\[x\\]\\(y\\)",
    "blocks.7.transformer_blocks.0.attn1.to_q.lora_A.default.weight",
    "access_key, secret_key and api_key are words",
)


def test_every_planted_secret_and_path_is_found_wherever_it_stands():
    missed = [
        (planted, name)
        for kinds, is_path in ((SECRETS, False), (PATHS, True))
        for planted in kinds
        for name, text in _places(planted).items()
        if not any(leak.is_path == is_path for leak in leaks(text))
    ]

    assert not missed


def _places(planted):
    return {
        "alone": planted,
        "chinese": f"一只猫，{planted}，坐着",
        "sentence": f"see {planted} for more",
        "line": f"first\n{planted}\nlast",
        "json": json.dumps({"a": planted}),
        "yaml": yaml.safe_dump({"a": planted}),
        "markdown": f"| cell | {planted} |",
        "equals": f"value={planted}",
    }


def test_no_secret_is_repeated_whole():
    for secret in SECRETS:
        for leak in leaks(f"x {secret} y"):
            assert leak.is_path or secret not in leak.shown


def test_what_only_looks_like_a_secret_or_a_path_is_left_alone():
    assert {text: found for text in HARMLESS if (found := leaks(text))} == {}


def test_random_letters_of_hashes_and_pictures_are_no_secrets():
    chance = random.Random(7)
    noise = base64.b64encode(chance.randbytes(600_000)).decode()
    words = " ".join("".join(chance.choices(string.ascii_letters, k=40)) for _ in range(5_000))
    marks = " ".join(mark for kind in _MARKS.values() for mark in kind)  # so that every form is looked for

    assert leaks(f'<img src="data:image/png;base64,{noise}">{words} {marks}') == ()
    assert leaks(f"{noise} {marks}") == ()


def test_a_folder_of_this_machine_is_found_under_any_name():
    assert leaks("看 /猫窝/故事/a.png", own=("/猫窝",))[0].is_path
    assert leaks("看 /猫窝/故事/a.png") == ()
    assert leaks("male/apple, /apples, x/app, https://x.y/app", own=("/app",)) == ()


def test_hostile_texts_take_no_more_time_than_they_are_long():
    for text in (
        "a" * 1_000_000,
        "/home/" * 100_000,
        "\\" * 300_000,
        "x://" * 100_000,
        "eyJ." * 100_000,
        "sk-" * 200_000,
        "token" * 100_000,
    ):
        started = time.perf_counter()
        leaks(text)
        assert time.perf_counter() - started < 20, text[:10]
