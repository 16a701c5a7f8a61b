"""A board as other tools take it: ComfyUI, A1111, diffusers."""
