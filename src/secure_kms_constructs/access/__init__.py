"""Who can use which key, how, and proof of it. Plain Python: needs neither Node nor CDK."""
