"""Plumbing of every route."""
