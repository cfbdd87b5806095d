"""The commands of the command line that are not roles, each with its summary."""

from __future__ import annotations

from collections.abc import Mapping

VERBS: Mapping[str, str] = {
    "render": "render the files of a role, or your own templates",
    "check": "check a role's files with its daemon",
    "diff": "compare a role's files with those on disk",
    "explain": "show which variable sets which line, and where its value comes from",
    "env": "describe a role's variables",
    "roles": "list the roles",
    "wait": "wait for servers, files and sockets",
    "new-role": "create a role of your own, with test cases and a Dockerfile",
}
