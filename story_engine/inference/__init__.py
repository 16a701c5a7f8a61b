"""Networks and the loops around them: from a recipe to a picture. Imports torch."""
