"""The demo gallery: drawn pictures."""
