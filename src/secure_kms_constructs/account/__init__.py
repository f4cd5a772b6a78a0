"""Accounts as they are: read by their APIs, kept as one file, and asked who can use which key."""

from .calls import required_policy
from .files import read_snapshot, write_snapshot
from .reading import Options, take_snapshot
from .records import Account
from .snapshots import Snapshot

__all__ = ["Account", "Options", "Snapshot", "read_snapshot", "required_policy", "take_snapshot", "write_snapshot"]
