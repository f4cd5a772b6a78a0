"""The command line, ``secure-kms``; it needs the extra ``cli``."""

from __future__ import annotations


def main() -> None:
    """Run the command line, or say what to install."""
    try:
        import rich  # noqa: F401 - typer does not say that it is missing

        from .commands import app
    except ModuleNotFoundError as missing:
        if missing.name not in ("rich", "typer"):
            raise
        raise SystemExit(
            f"secure-kms needs {missing.name}, which is not installed: pip install 'secure-kms-constructs[cli]'"
        ) from None
    app()
