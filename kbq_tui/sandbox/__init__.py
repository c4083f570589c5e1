"""A small imitation of Google Cloud that listens on loopback.

It imports nothing from the rest of the program, so that a mistake in shared code cannot hide in both.
"""
