"""What the Scoped constructs share."""
