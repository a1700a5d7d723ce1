"""Predictors: training them, asking them, their cards and labels."""
