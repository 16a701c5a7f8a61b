"""`python -m story_engine …`: the same engine without a browser."""

import gc
import sys


def main() -> int:
    """Run the command; its exit code."""
    gc.disable()  # what is imported stays: to look through it again and again would take a sixth of the start
    from story_engine.cli.main import run

    gc.freeze()
    gc.enable()
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
