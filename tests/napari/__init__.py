"""Tests of the plugin for napari."""
