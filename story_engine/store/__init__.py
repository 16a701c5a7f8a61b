"""Files. The only room that knows paths."""
