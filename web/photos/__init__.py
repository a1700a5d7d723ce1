"""Photos: taking in, finding, changing."""
