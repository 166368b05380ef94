"""Tests of pictures and tables in files, and the files they share."""
