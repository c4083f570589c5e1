"""This machine: folders, connection files, keys, journal, lock, log, terminal."""
