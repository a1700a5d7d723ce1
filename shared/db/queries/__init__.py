"""A named function per question to the database; typed rows come back."""
