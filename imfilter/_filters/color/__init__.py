"""Conversions between colour spaces, pixel by pixel: grey, Lab and LCh."""
