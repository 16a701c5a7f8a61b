"""Values and rules, pure: no files, no clocks, no torch."""
