"""What AWS documents: facts, services, condition keys and ARNs. Imports nothing of this package."""
