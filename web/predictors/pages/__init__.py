"""Pages of predictors."""
