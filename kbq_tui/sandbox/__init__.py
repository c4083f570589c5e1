"""Google Cloud in miniature on loopback.

It imports nothing from the rest of the program, so it cannot agree with it by sharing code.
"""
