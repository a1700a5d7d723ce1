"""Questions about predictors."""
