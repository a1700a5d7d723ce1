"""What keeps the local stack from starting, as a sentence for the person who ran it."""


class CannotStart(Exception):
    """The local stack cannot start. The message says why, and what to do about it."""
