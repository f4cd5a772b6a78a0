"""Policies of AWS Organizations that keep accounts at least privilege, as plain documents."""

from .guardrails import Guardrail, GuardrailPolicy, guardrail_policies

__all__ = ["Guardrail", "GuardrailPolicy", "guardrail_policies"]
