"""Measures, confidence intervals and tests, calibration."""
