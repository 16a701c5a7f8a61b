"""Work done elsewhere: `queue` decides who does it, `work` is what a child does, `imports` reads files from outside."""
