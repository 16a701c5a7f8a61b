"""The story page: scenes, takes, characters, board."""
