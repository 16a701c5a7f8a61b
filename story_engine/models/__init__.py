"""Networks and the loops around them. Torch lives here and in training/, nowhere else."""
