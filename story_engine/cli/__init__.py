"""The command line: `python -m story_engine …`, the same engine without a browser."""
