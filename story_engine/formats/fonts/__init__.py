"""The fonts that the Studio brings along, and how they were cut."""
