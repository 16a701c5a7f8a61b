"""The process that runs the challenge's script: `python -m story_engine.jobs.work.gate_child IMAGES WEIGHTS`.

A fresh one each time: nothing that was loaded, cached or set before can lean on its number. A line of JSON says
how many pictures have their score, the last one is the answer.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

from story_engine.jobs.wire import Voice
from story_engine.scoring.challenge_script import RefusedFile, evaluate


def main() -> None:
    """Entry point."""
    voice = Voice()
    images, weights = map(Path, sys.argv[1:])
    try:
        scores, processor = evaluate(images, weights, scored=lambda count: voice.say(scored=count))
    except RefusedFile as refused:
        voice.say(refused=refused.name, reason=refused.reason)
    except Exception as error:
        traceback.print_exc()
        voice.say(broken=str(error)[:200] or type(error).__name__)
    else:
        voice.say(scores=scores, processor=processor)


if __name__ == "__main__":
    main()
