import json
import random
import string
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from story_engine.domain.scrub import Scrubber

ALPHABETS = {
    "hex": "0123456789abcdef",
    "base62": string.ascii_letters + string.digits,
    "base64": string.ascii_letters + string.digits + "+/",
    "url": string.ascii_letters + string.digits + "-_",
}


def planted(rng):
    """A secret as services make them, and the words around it."""
    kind = rng.choice(["mark", "plain", "named", "password", "url", "header", "key", "jwt", "person"])
    token = "".join(rng.choices(ALPHABETS[rng.choice(list(ALPHABETS))], k=rng.randint(24, 64))) + "a1B2"
    if kind == "mark":
        secret = rng.choice(["ms-", "hf_", "sk-", "ghp_", "glpat-", "AKIA", "LTAI", "xoxb-", "r8_", "npm_"]) + token
        return secret, rng.choice(["{}", "using {} now", "['{}']", "key {},", "（{}）", "x={}&y=1"])
    if kind == "plain":
        return token, rng.choice(["got {}", '"{}"', "curl -H 'X: {}'", "值：{}。", "a/{}"])
    if kind == "named":
        short = "".join(rng.choices(string.ascii_letters + string.digits, k=rng.randint(6, 11))) + "z9"
        name = rng.choice(["api_key", "API-KEY", "token", "secret", "Cookie", "access_key", "密钥", "session_id"])
        return short, name + rng.choice(["={}", ": {}", '": "{}"', " = '{}'", "：{}", '\\": \\"{}\\"'])
    if kind == "password":
        return f"hunter{rng.randint(2, 9)}!{rng.randint(10, 99)}", rng.choice(
            ["password={}", "密码：{}", "passwd: '{}'"]
        )
    if kind == "url":
        return f"pw{rng.randint(1000, 9999)}x", "https://somebody:{}@example.com/a"
    if kind == "header":
        return token, rng.choice(["Authorization: Bearer {}", "authorization: basic {}", "Bearer {}"])
    if kind == "key":
        body = "\n".join(token[:20] + f"{n:04}" for n in range(3)) + "\nabc="
        return body, "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----"
    if kind == "jwt":
        return f"eyJ{token}.eyJ{token}.{token}", "{}"
    return f"zhang.san{rng.randint(1, 99)}@example.cn", "mail {} please"


def test_none_of_many_planted_secrets_is_left():
    rng = random.Random(9)
    left = []
    for number in range(2000):
        secret, around = planted(rng)
        text = f"2026-11-28 WARNING {rng.choice(['', 'failed: '])}" + around.format(secret) + "\nnext line"

        cleaned = Scrubber({}).clean(text)

        if any(part in cleaned for part in secret.splitlines() if len(part) > 4) or "next line" not in cleaned:
            left.append((number, text, cleaned))
    assert not left, f"{len(left)} of 2000: {left[:3]}"


def test_what_a_helper_needs_stays_readable():
    kept = [
        "2026-11-28T09:15:02.123+08:00 WARNING story_engine.jobs.queue.dispatcher: job 12 failed in 3.5 s",
        'File "<python>/lib/python3.11/site-packages/diffsynth/models/sdxl_unet.py", line 210, in forward',
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 15.77 GiB total capacity)",
        "prompt_tokens=29, token_limit: 256, seed=4294967295",
        "diffusion_pytorch_model.fp16.safetensors (missing)",
        "http://127.0.0.1:8501/_stcore/health",
    ]

    assert [Scrubber({}).clean(line) for line in kept] == kept


def test_own_folders_names_and_values_go_wherever_they_stand():
    scrubber = Scrubber(
        {"/home/mei": "home", "/home/mei/studio/workspace": "workspace"}, secrets=["swordfish"], names=["mei", "mei-pc"]
    )

    cleaned = scrubber.clean("/home/mei/studio/workspace/logs on mei-pc by Mei: swordfish, xswordfishx; meister")

    assert cleaned == "<workspace>/logs on <name 2> by <name 3>: <secret 1>, x<secret 1>x; meister"
    assert scrubber.removed == {"secret": 2, "name": 2}


def test_the_same_text_has_the_same_mark_in_every_text():
    scrubber = Scrubber({})

    first, second = scrubber.clean("a hf_" + "x1" * 20), scrubber.clean("b hf_" + "x1" * 20 + " hf_" + "y2" * 20)

    assert (first, second) == ("a <Hugging Face 1>", "b <Hugging Face 1> <Hugging Face 2>")


def test_a_tree_keeps_its_form_and_its_numbers():
    scrubber = Scrubber({"/home/mei": "home"}, secrets=["17340"])
    tree = {
        "free": 17340123456,
        "files": ("/home/mei/a", Path("/home/mei/b")),
        "/home/mei": {"token": "swordfish two", "tokens": "29", "mail": "mei@example.cn"},
        "ratio": 0.5,
        "none": None,
        "yes": True,
    }

    assert json.loads(json.dumps(scrubber.clean_tree(tree))) == {
        "free": 17340123456,
        "files": ["<home>/a", "<home>/b"],
        "<home>": {"token": "<secret 1>", "tokens": "29", "mail": "<email 2>"},
        "ratio": 0.5,
        "none": None,
        "yes": True,
    }


LEAVES = st.none() | st.integers() | st.text()


@given(st.recursive(LEAVES, lambda each: st.lists(each) | st.dictionaries(st.text(), each)))
def test_any_tree_stays_a_tree_of_the_same_depth(tree):
    cleaned = Scrubber({}, secrets=["1234"], names=["a"]).clean_tree(tree)

    assert json.loads(json.dumps(cleaned)) == cleaned
    assert type(cleaned) is type(tree) or isinstance(cleaned, str)


@given(st.text(max_size=200))
def test_any_text_is_cleaned_and_cleaned_again_without_harm(text):
    once = Scrubber({}).clean(text)

    assert Scrubber({}).clean(once).count("\n") == once.count("\n")
