"""What templates and cloud assemblies say will exist. Plain Python: needs neither Node nor CDK."""
