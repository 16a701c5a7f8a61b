"""What pages and command line ask of the engine, by subject."""
