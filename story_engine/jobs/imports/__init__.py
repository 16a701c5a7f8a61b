"""Files from outside, read in processes of their own. Never imports torch in the process that asks."""
