"""The pytest plugin: its options, and the collection of golden cases.

Every pytest run in an environment with entrykit loads it, so it imports little before it has
found a case.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from entrykit.testing.options import (
    CHECK,
    CONFIGS,
    REQUIRE,
    ROLE,
    ROLES,
    UPDATE,
    UPDATED,
    is_updating,
)

if TYPE_CHECKING:
    from entrykit.testing.case import Case


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and settings."""
    group = parser.getgroup("entrykit", "golden cases of entrykit")
    group.addoption(
        "--entrykit-update",
        action="store_true",
        dest=UPDATE,
        help="write the expected files of each case instead of comparing them, also for "
        "directories that contain only `env`",
    )
    group.addoption(
        "--entrykit-require-daemons",
        action="store_true",
        dest=REQUIRE,
        help="fail instead of skipping if the daemon that checks files is not in PATH",
    )
    parser.addini(ROLE, "role of all golden cases (default: the directory named after a role)")
    parser.addini(
        ROLES, "directories of user-supplied roles, relative to the configuration file", "paths"
    )
    parser.addini(
        CHECK, "check the files of each golden case with the real daemon", "bool", default=False
    )


def pytest_configure(config: pytest.Config) -> None:
    """Remember the configuration."""
    CONFIGS.append(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Forget the configuration."""
    if config in CONFIGS:
        CONFIGS.remove(config)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Collect no tests from the expected files of a case."""
    is_expected = collection_path.name == "expected" and (collection_path.parent / "env").is_file()
    return True if is_expected else None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Case | None:
    """Collect `env` if `expected/` or `error.txt` is beside it."""
    if file_path.name != "env":
        return None
    beside = file_path.parent
    known = (beside / "expected").is_dir() or (beside / "error.txt").is_file()
    if not known and not is_updating(parent.config):
        return None
    from entrykit.testing.case import Case

    return Case.from_parent(parent, path=file_path)


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Report a case that was written as updated, not as passed."""
    # Reports of collectors have no properties.
    if UPDATED in map(tuple, getattr(report, "user_properties", ())) and report.when == "call":
        return "updated", "U", "UPDATED"
    return None
