"""Everything that needs a photo's pixels."""
