"""Pictures of kernels and of what they respond to: colours for numbers, sheets of tiles, occlusion."""
