"""Jobs and the state of the index: API, events, pages."""
