"""The loops over the components of matrices: eigenvalues, angles, and measures of ridges."""
