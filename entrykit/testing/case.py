"""A golden case as pytest has it: the file `env`, and the tests that it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from traceback import format_exception
from typing import Final

import pytest

from entrykit.discovery.finder import role_names
from entrykit.errors import EntrykitError
from entrykit.testing import golden
from entrykit.testing.options import CHECK, ROLE, UPDATED, is_updating, roles_environ
from entrykit.testing.warnings import VariablesWarning

_KNOWN_ROLES: Final = pytest.StashKey[list[str]]()

# What says by itself what is wrong with a case.
_SELF_EXPLANATORY: Final = (
    golden.Mismatch,
    EntrykitError,
    OSError,
    VariablesWarning,
    pytest.fail.Exception,
)


class Case(pytest.File):
    """The file `env` of a case."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield what is compared, and what the daemon judges."""
        yield Golden.from_parent(self, name="golden")
        refused = (self.path.parent / "error.txt").exists()
        if self.config.getini(CHECK) and not refused and not is_updating(self.config):
            yield Check.from_parent(self, name="check")

    @property
    def folder(self) -> Path:
        """Where the files of the case are."""
        return self.path.parent

    @property
    def role(self) -> str:
        """The role: that of all cases, or the nearest folder's that is called like one.

        Raises:
            golden.Mismatch: there is none.
        """
        if name := self.config.getini(ROLE):
            return str(name)
        within = [self.folder, *self.folder.parents]
        root = self.config.rootpath
        known = self._known_roles
        inside = [path.name.replace("_", "-") for path in within if root in path.parents]
        names = [name for name in inside if name in known]
        if not names:
            raise golden.Mismatch(
                f"of which role? Set {ROLE} in pytest's configuration, or call a folder above "
                f"{self.path.name} after it ({', '.join(known)})"
            )
        return names[0]

    @property
    def _known_roles(self) -> list[str]:
        """The names of all roles: looked for once, for a thousand cases."""
        stash = self.config.stash
        if _KNOWN_ROLES not in stash:
            stash[_KNOWN_ROLES] = role_names(roles_environ())
        return stash[_KNOWN_ROLES]


class _Test(pytest.Item):
    """What a case's tests have in common: their failures are messages and no tracebacks."""

    @property
    def case(self) -> Case:
        """The case that this is a test of."""
        assert isinstance(self.parent, Case)  # noqa: S101 -- tells the type checker what `collect` does
        return self.parent

    def reportinfo(self) -> tuple[Path, None, str]:
        """Name the test in a report by its folder, as it is named on the command line."""
        return self.path, None, f"{self.nodeid.removesuffix(f'/env::{self.name}')}: {self.name}"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: object) -> str:
        """Show what was wrong with the case, and a traceback only for what we did not foresee.

        Never as pytest does, with what each function was called with: secrets are among that.
        """
        if isinstance(excinfo.value, _SELF_EXPLANATORY):
            return str(excinfo.value)
        return "".join(format_exception(_trim_traceback(excinfo.value)))


def _trim_traceback(error: BaseException) -> BaseException:
    """Cut off pytest's own part of a traceback."""
    step = error.__traceback__
    while step is not None and step.tb_frame.f_code.co_filename != __file__:
        step = step.tb_next
    return error.with_traceback(step)


class Golden(_Test):
    """Whether the variables give the files, byte for byte and no others, or the message."""

    def runtest(self) -> None:
        """Compare, or write."""
        role, folder = self.case.role, self.case.folder
        with chdir(folder):  # an X_FILE may lie beside `env`
            outcome = golden.outcome(role)
        if not is_updating(self.config):
            golden.compare(outcome, folder, self.case.nodeid)
        elif golden.write(outcome, folder):
            self.user_properties.append(UPDATED)


class Check(_Test):
    """Whether the real daemon accepts the files."""

    def runtest(self) -> None:
        """Have it judge them; skipped where it is not there."""
        from entrykit.testing.daemons import check_with_daemon

        with chdir(self.case.folder):
            environ = golden.environ()
            check_with_daemon(*golden.read(self.case.role, environ), environ)
