"""The LoRA page."""
