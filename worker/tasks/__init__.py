"""What each kind of job does: a handler a kind, a few lines that delegate."""
