"""How predictors learn, answer, and are measured."""
