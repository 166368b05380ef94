"""Tests of the local variance, standard deviation and entropy."""
