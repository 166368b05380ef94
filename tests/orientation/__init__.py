"""Tests of Hessian matrices, structure tensors, ridges and filters with a direction."""
