"""Tests of colour spaces."""
