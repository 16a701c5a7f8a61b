"""How wrong the U-Net is about the noise, on the Kolors schedule."""

from __future__ import annotations

import torch

from story_engine.inference.noise_schedule import add_noise, signal_shares

__all__ = ["add_noise", "noise_errors", "snr_weights"]


def noise_errors(predicted: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Mean squared error of each sample, (batch,), float32."""
    return (predicted.float() - noise.float()).square().mean(dim=(1, 2, 3))


def snr_weights(timesteps: torch.Tensor, gamma: float) -> torch.Tensor:
    """How much each timestep counts when noise is predicted, (batch,): min(SNR, gamma) / SNR; 1 for gamma 0.

    Source: Hang et al. 2023, "Efficient Diffusion Training via Min-SNR Weighting Strategy" (arXiv:2303.09556),
    equation 4; kohya-ss/sd-scripts, library/custom_train_functions.py, `apply_snr_weight`.
    """
    if not gamma:
        return torch.ones(timesteps.shape)
    share = signal_shares()[timesteps]
    ratio = share / (1 - share)
    return ratio.clamp(max=gamma) / ratio
