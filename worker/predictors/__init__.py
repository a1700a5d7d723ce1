"""Training predictors and asking them."""
