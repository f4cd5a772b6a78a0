"""``kms.Key(...)`` as ``HardenedKey(...)``: which arguments stay, which have another name, which go."""

from __future__ import annotations

import libcst as cst
from libcst import matchers

from .sources import keywords, word

_KEPT = {"alias", "description", "rotation_period", "pending_window", "multi_region", "key_spec", "key_usage"}
_KEPT |= {"removal_policy", "admins"}
# What a HardenedKey does by itself, where this is asked of the L2.
_DEFAULTS = {"enable_key_rotation": "True", "enabled": "True", "trust_account_identities": "True"}


def why_not(call: cst.Call) -> str | None:
    """Return why a ``kms.Key(...)`` would not surely be a ``HardenedKey(...)``."""
    names = keywords(call)
    if names is None:
        return "its arguments are not written out"
    if "policy" in names:
        return "it has a policy of its own; call key.add_to_resource_policy(...) for each statement"
    for arg in call.args:
        wanted = _DEFAULTS.get(word(arg))
        if wanted is not None and not (isinstance(arg.value, cst.Name) and arg.value.value == wanted):
            return f"{word(arg)} is not {wanted}, which it always is of a HardenedKey"
    if unknown := sorted(set(names) - _KEPT - set(_DEFAULTS)):
        return f"{', '.join(unknown)} is not known of a HardenedKey"
    if _comments(hardened(call)) != _comments(call):
        return "a comment beside an argument that goes would go with it"
    return None


def hardened(call: cst.Call) -> cst.Call:
    """Return the same call as one of ``HardenedKey``."""
    kept = [_renamed(arg) for arg in call.args if word(arg) not in _DEFAULTS]
    if word(call.args[-1]) in _DEFAULTS:
        kept[-1] = _closing(kept[-1], call.args[-1])
    return call.with_changes(func=cst.Name("HardenedKey"), args=kept)


def _closing(arg: cst.Arg, before: cst.Arg) -> cst.Arg:
    """Return an argument that ends as the last one did, so that the closing bracket stays where it was."""
    ends, ended = (one.comma.whitespace_after if isinstance(one.comma, cst.Comma) else None for one in (arg, before))
    if isinstance(ends, cst.ParenthesizedWhitespace) and isinstance(ended, cst.ParenthesizedWhitespace):
        space = ended.with_changes(first_line=ends.first_line, empty_lines=[*ends.empty_lines, *ended.empty_lines])
        return arg.with_changes(comma=cst.Comma(whitespace_after=space))
    return arg.with_changes(comma=before.comma, whitespace_after_arg=before.whitespace_after_arg)


def _comments(call: cst.Call) -> int:
    return len(matchers.findall(call, matchers.Comment()))


def _renamed(arg: cst.Arg) -> cst.Arg:
    # The L2's `admins` may change the key policy.
    return arg.with_changes(keyword=cst.Name("policy_administrators")) if word(arg) == "admins" else arg
