"""`python -m story_engine …`: the same engine without a browser."""

import sys

from story_engine.lasting_imports import lasting_imports


def main() -> int:
    """Run the command; its exit code."""
    with lasting_imports():
        from story_engine.cli.main import run
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
