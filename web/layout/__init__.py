"""What every page has in common: frame, paging, words, error pages."""
