"""Pixel loops without decisions: what to compute and where is settled by the callers in ``_core``."""
