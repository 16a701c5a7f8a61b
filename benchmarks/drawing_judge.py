"""Judges that a benchmark teaches itself: a small network with a head for each question, learnt from drawings."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from preview_training.judges import JudgeNetwork, network_values, shrunk

_BATCH = 48
_LEARNING_RATE = 2e-3
_LAST_RATE = 0.02
"""Of the learning rate, at the end."""
_HELD_OUT = 6
"""One drawing of so many is not learnt from: the last ones."""
_READ_AT_ONCE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What is asked of each picture."""

    name: str
    """Of the judge's files: `<name>.pt` and `<name>.json`."""
    answers: dict[str, tuple[str, ...]]
    side: int
    """Pixels at which pictures are looked at."""

    def weights(self, folder: Path) -> Path:
        """The network's file."""
        return folder / f"{self.name}.pt"

    def accuracy(self, folder: Path) -> Path:
        """The file that says how often it is right on drawings that it has not seen."""
        return folder / f"{self.name}.json"


class DrawingJudge(JudgeNetwork):
    """Answers the questions."""

    def __init__(self, questions: Questions) -> None:
        super().__init__()
        self.questions = questions
        inputs = next(iter(self.heads.values())).in_features
        self.heads = nn.ModuleDict({name: nn.Linear(inputs, len(each)) for name, each in questions.answers.items()})

    @classmethod
    def load(cls, questions: Questions, folder: Path) -> DrawingJudge:
        """What `teach` has left in the folder.

        Raises:
            FileNotFoundError: it was not taught yet.
        """
        judge = cls(questions)
        judge.load_state_dict(torch.load(questions.weights(folder), weights_only=True))
        return judge.eval()

    def read(self, pictures: Sequence[Image.Image]) -> list[dict[str, str]]:
        """Each picture's answers."""
        found: list[dict[str, str]] = []
        for start in range(0, len(pictures), _READ_AT_ONCE):
            group = pictures[start : start + _READ_AT_ONCE]
            with torch.inference_mode():
                seen = self(network_values(np.stack([shrunk(each, self.questions.side) for each in group])))
            best = {name: seen[name].argmax(1).tolist() for name in self.questions.answers}
            found += [
                {name: answers[best[name][place]] for name, answers in self.questions.answers.items()}
                for place in range(len(group))
            ]
        return found


def teach(
    questions: Questions,
    pictures: np.ndarray,
    wanted: torch.Tensor,
    folder: Path,
    *,
    steps: int,
    start: JudgeNetwork | None = None,
) -> dict[str, float]:
    """Teach a judge and keep it.

    Args:
        questions: that it is to answer.
        pictures: (count, side, side, 3), uint8; a mirrored or slightly moved one has the same answers.
        wanted: (count, questions), the answers' places.
        folder: to keep it in.
        steps: of 48 pictures each.
        start: a judge whose trunk it begins with.

    Returns:
        By question the share of right answers (0…1) on the last sixth, which it does not learn from.
    """
    torch.manual_seed(0)
    judge, held_out = DrawingJudge(questions), len(pictures) // _HELD_OUT
    judge.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    if start is not None:
        judge.trunk.load_state_dict(start.trunk.state_dict())
    optimiser = torch.optim.AdamW(judge.parameters(), lr=_LEARNING_RATE, weight_decay=0.02)
    chance = np.random.default_rng(0)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = _LEARNING_RATE * (_LAST_RATE + (1 - _LAST_RATE) * (1 - step / steps))
        rows = chance.integers(0, len(pictures) - held_out, _BATCH)
        batch = network_values(pictures[rows])
        batch = batch.flip(3) if step % 2 else batch
        batch = torch.roll(batch, tuple(int(each) for each in chance.integers(-3, 4, 2)), (2, 3))
        with torch.autocast("cpu", torch.bfloat16):
            seen = judge(batch + torch.randn_like(batch) * 0.04)
        losses = [
            functional.cross_entropy(seen[name].float(), wanted[rows, at]) for at, name in enumerate(questions.answers)
        ]
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(torch.stack(losses).sum())
        optimiser.step()
    torch.save(judge.state_dict(), questions.weights(folder))
    answers = judge.eval().read([Image.fromarray(each) for each in pictures[-held_out:]])
    right = {
        name: float(np.mean([a[name] == each[int(w[at])] for a, w in zip(answers, wanted[-held_out:], strict=True)]))
        for at, (name, each) in enumerate(questions.answers.items())
    }
    questions.accuracy(folder).write_text(json.dumps(right))
    return right


def command(
    about: str | None,
    *,
    folder: Path,
    prompts: int,
    train: Callable[[Path, int, int], dict[str, float]],
    run: Callable[[Path, int, int], dict[str, object]],
) -> None:
    """A benchmark's command line: its judge is taught, or pictures are painted and judged; figures go to the screen.

    Args:
        about: what the benchmark says of itself.
        folder: where the judge and the sheet lie, where nobody says another one.
        prompts: that are painted, likewise.
        train: folder, drawings and steps to the judge's accuracies.
        run: folder, prompts and threads to what was measured.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("train", "run"))
    parser.add_argument("--folder", type=Path, default=folder)
    parser.add_argument("--drawings", type=int, default=6000)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--prompts", type=int, default=prompts)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(given.threads)
    if given.what == "train":
        print(json.dumps(train(given.folder, given.drawings, given.steps), indent=1))
    else:
        print(json.dumps(run(given.folder, given.prompts, given.threads), indent=1))
