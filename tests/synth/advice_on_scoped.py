"""Advice of errors about secrets, parameters, log groups, alarms and the organization."""
