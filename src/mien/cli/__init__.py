"""The command line: one file per verb or group of verbs."""

from mien.cli.app import main

__all__ = ["main"]
