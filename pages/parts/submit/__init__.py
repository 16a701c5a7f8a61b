"""The hand-in page."""
