"""Comic pages: panels, words and bubbles laid out once, drawn as PNG and as PDF."""
