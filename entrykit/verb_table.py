"""The verbs of the command line, with what each does."""

from __future__ import annotations

from collections.abc import Mapping

VERBS: Mapping[str, str] = {
    "render": "write a role's files, or those of your own templates",
    "check": "have the role's daemon judge its files",
    "diff": "compare a role's files with those on the disk",
    "explain": "say which variable made which lines, and where it came from",
    "env": "describe a role's variables",
    "roles": "list the roles",
    "wait": "wait until servers, files and sockets are there",
    "new-role": "write a role of your own, with cases and a Dockerfile",
}
