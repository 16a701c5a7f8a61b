"""The gallery page: search, grid, one picture large, what is done with many."""
