"""Hessian matrices, structure tensors, their eigenvalues, and measures of orientation and ridges."""
