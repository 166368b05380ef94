"""The pixel loops of the family of edge-preserving filters, which Numba compiles."""
