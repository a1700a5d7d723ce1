"""The sweeper and the collection of garbage."""
