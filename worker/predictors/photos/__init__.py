"""Predictors of photos."""
