"""Look-alikes."""
