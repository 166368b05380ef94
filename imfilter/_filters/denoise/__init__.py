"""Denoising: estimates of noise, non-local means, total variation and anisotropic diffusion."""
