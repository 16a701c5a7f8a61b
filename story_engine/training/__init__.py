"""LoRA training: dataset encoding, the loop, its process. Imports torch; pages never import this room."""
