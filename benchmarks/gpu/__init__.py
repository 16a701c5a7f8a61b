"""Full-size Kolors with random weights on a GPU: see `__main__`."""
