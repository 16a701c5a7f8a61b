"""A family of the tests: with the line that registers it, all that a further model has to bring."""
