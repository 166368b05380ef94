"""Pictures of kernels and of their strongest responses: colour maps, sheets of tiles, occlusion."""
