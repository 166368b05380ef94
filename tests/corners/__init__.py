"""Tests of measures of corners and of their peaks."""
