"""`python -m story_engine …`: the same engine without a browser."""

import sys

from story_engine.cli.main import run

sys.exit(run(sys.argv[1:]))
