"""What other tools speak."""
