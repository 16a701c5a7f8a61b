"""What the child does, by kind of job. Imports torch; nothing of it is imported by pages."""
