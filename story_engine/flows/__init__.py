"""One verb per file: each decides first (pure), then acts."""
