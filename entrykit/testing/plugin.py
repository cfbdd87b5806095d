"""The pytest plugin: what pytest is told, and which files are golden cases.

Every pytest of an environment with entrykit in it loads this, so it imports nothing of
entrykit's before it has found a case.
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
    """Add our words to the command line and to the configuration."""
    group = parser.getgroup("entrykit", "golden cases of entrykit")
    group.addoption(
        "--entrykit-update",
        action="store_true",
        dest=UPDATE,
        help="write what each case gives in place of comparing it; also for a folder that has "
        "nothing but `env`",
    )
    group.addoption(
        "--entrykit-require-daemons",
        action="store_true",
        dest=REQUIRE,
        help="fail, and do not skip, where a daemon that is to judge files is not in PATH",
    )
    parser.addini(ROLE, "the role of all golden cases (else: the folder named like a role)")
    parser.addini(ROLES, "folders of roles of your own, from the configuration's", "paths")
    parser.addini(CHECK, "whether the real daemon judges each golden case", "bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Note who asks."""
    CONFIGS.append(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Forget who asked."""
    if config in CONFIGS:
        CONFIGS.remove(config)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Look for no tests among the files that a case expects."""
    ours = collection_path.name == "expected" and (collection_path.parent / "env").is_file()
    return True if ours else None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Case | None:
    """Collect `env` where `expected/` or `error.txt` lies beside it."""
    if file_path.name != "env":
        return None
    beside = file_path.parent
    known = (beside / "expected").is_dir() or (beside / "error.txt").is_file()
    if not known and not is_updating(parent.config):
        return None
    from entrykit.testing.case import Case

    return Case.from_parent(parent, path=file_path)


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Show a case that was written as what it is: nothing was compared."""
    # Collectors' reports come along as well, and have no such properties.
    if UPDATED in map(tuple, getattr(report, "user_properties", ())) and report.when == "call":
        return "updated", "U", "UPDATED"
    return None
