"""Decoding strangers' files in a limited child process: `parent` asks, `child` answers, `frames` is what they exchange."""
