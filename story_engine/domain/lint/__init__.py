"""What can be seen in a story's words before anything is painted: one rule per file, each finding with its repair."""
