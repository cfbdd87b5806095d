"""Golden cases as pytest items: the file `env`, and the tests collected from it."""

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

# Errors whose message is enough; a traceback would add nothing.
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
        """Yield the comparison, and the check by the daemon."""
        yield Golden.from_parent(self, name="golden")
        rejected = (self.path.parent / "error.txt").exists()
        if self.config.getini(CHECK) and not rejected and not is_updating(self.config):
            yield Check.from_parent(self, name="check")

    @property
    def folder(self) -> Path:
        """The directory of the case."""
        return self.path.parent

    @property
    def role(self) -> str:
        """The configured role, or the one that the nearest directory is named after.

        Raises:
            golden.Mismatch: no role can be determined.
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
                f"role unknown: set {ROLE} in pytest's configuration, or name a directory above "
                f"{self.path.name} after a role ({', '.join(known)})"
            )
        return names[0]

    @property
    def _known_roles(self) -> list[str]:
        """The names of all roles, found once for all cases."""
        stash = self.config.stash
        if _KNOWN_ROLES not in stash:
            stash[_KNOWN_ROLES] = role_names(roles_environ())
        return stash[_KNOWN_ROLES]


class _Test(pytest.Item):
    """Base of the tests of a case, which fail with messages instead of tracebacks."""

    @property
    def case(self) -> Case:
        """The case of this test."""
        assert isinstance(self.parent, Case)  # noqa: S101 -- tells the type checker what `collect` does
        return self.parent

    def reportinfo(self) -> tuple[Path, None, str]:
        """Name the test in reports by its directory, as on the command line."""
        return self.path, None, f"{self.nodeid.removesuffix(f'/env::{self.name}')}: {self.name}"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: object) -> str:
        """Show the message of an expected error, or a plain traceback.

        pytest's own would show the arguments of each function, including secrets.
        """
        if isinstance(excinfo.value, _SELF_EXPLANATORY):
            return str(excinfo.value)
        return "".join(format_exception(_trim_traceback(excinfo.value)))


def _trim_traceback(error: BaseException) -> BaseException:
    """Remove pytest's frames from a traceback."""
    step = error.__traceback__
    while step is not None and step.tb_frame.f_code.co_filename != __file__:
        step = step.tb_next
    return error.with_traceback(step)


class Golden(_Test):
    """Compare the files or the message with the expected ones, byte for byte."""

    def runtest(self) -> None:
        """Compare, or write."""
        role, folder = self.case.role, self.case.folder
        with chdir(folder):  # X_FILE may name a file beside `env`
            outcome = golden.render_case(role)
        if not is_updating(self.config):
            golden.compare(outcome, folder, self.case.nodeid)
        elif golden.write(outcome, folder):
            self.user_properties.append(UPDATED)


class Check(_Test):
    """Check the files with the real daemon."""

    def runtest(self) -> None:
        """Run the check; skip the test if there is no daemon."""
        from entrykit.testing.daemons import check_with_daemon

        with chdir(self.case.folder):
            environ = golden.read_environ()
            check_with_daemon(*golden.read(self.case.role, environ), environ)
