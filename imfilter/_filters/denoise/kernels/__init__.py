"""The loops over samples of denoising filters."""
