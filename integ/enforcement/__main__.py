"""Runs the enforcing ministack in the foreground; started by `emulator.py` as `python -m enforcement`."""

import importlib.metadata
import os
import signal
import sys
import threading

from enforcement import MINISTACK_VERSION


def end_with_parent() -> None:
    """End this process group when stdin closes: that also happens when the parent is killed with SIGKILL."""
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    installed = importlib.metadata.version("ministack")
    if installed != MINISTACK_VERSION:
        sys.exit(f"enforcement patches ministack {MINISTACK_VERSION}, got {installed}: install that version")
    threading.Thread(target=end_with_parent, daemon=True).start()

    from enforcement import (
        accounts,
        buckets,
        callers,
        cloudformation,
        deliveries,
        encrypted,
        keys,
        logs,
        lookups,
        managed_keys,
        rotation,
        services,
        trail,
    )

    first = (accounts, callers, trail, keys, managed_keys)
    for module in (*first, services, logs, lookups, rotation, buckets, cloudformation, encrypted, deliveries):
        module.patch()

    from ministack.app import main as serve

    serve()


main()
