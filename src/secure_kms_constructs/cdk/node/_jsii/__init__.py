"""Holds the archive that the build makes of the JavaScript."""
