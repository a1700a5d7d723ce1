"""Learning from tables with scikit-learn: matrices in, models and figures out. One compute thread; fixed seeds."""
