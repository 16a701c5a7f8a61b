"""Kolors: what the catalogue says of it, its published files, and its networks. `family.py` is free of torch."""
