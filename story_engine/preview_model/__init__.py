"""The embedded preview model: a tiny diffusion model of the Kolors family, trained on drawings of our own."""
