"""The parameters of our constructs where Python tells those of a call to jsii, which are anything."""

from __future__ import annotations

import inspect


class OwnSignature:
    """What ``help`` and ``inspect.signature`` show of a class: the parameters of its constructor.

    The metaclass of jsii takes ``*args, **kwargs``, and Python asks it first.
    """

    def __get__(self, instance: object, owner: type) -> inspect.Signature:
        """Return the signature of the class that is asked, which may be one of a user's below ours."""
        whole = inspect.signature(owner.__init__)  # type: ignore[misc]
        own = list(whole.parameters.values())[1:]
        return whole.replace(parameters=own, return_annotation=inspect.Signature.empty)
