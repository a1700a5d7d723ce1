"""Predictors as their pages show them."""
