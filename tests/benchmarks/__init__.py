"""Tests of the benchmarks' bookkeeping."""
