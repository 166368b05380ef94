"""Tests of templates and blobs."""
