"""The documents that this library writes, as plain data."""
