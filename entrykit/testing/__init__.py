"""Test variables and templates offline, with assertions in Python or with golden cases.

>>> from entrykit.testing import assert_settings_error, render_role
>>> files = render_role("haproxy", DOMAINS="web:example.com", TIMEOUT_CONNECT="2s")
>>> files["haproxy.cfg"].section("defaults").directive("timeout connect")
'2s'
>>> error = assert_settings_error("haproxy", {"DOMAINS": "web:"}, "DOMAINS")

Golden cases need no Python: `entrykit.testing.plugin` finds them.
"""

from __future__ import annotations

# Every pytest run in an environment with entrykit imports this, so it imports nothing else.
from collections.abc import Mapping
from typing import TYPE_CHECKING

from entrykit.testing.warnings import VariablesWarning

if TYPE_CHECKING:
    from entrykit.errors import SettingsError
    from entrykit.testing.files import RenderedFiles

__all__ = ["VariablesWarning", "assert_settings_error", "render_role"]

# Have pytest show a failure at the line of the test. It would show the arguments of the frames
# in here, which contain all variables.
__tracebackhide__ = True


def render_role(
    role: str, environ: Mapping[str, str] | None = None, *, check: bool = False, **variables: str
) -> RenderedFiles:
    """Render the files of a role from these variables alone.

    Args:
        role: the name of the role, as listed by `entrykit roles`.
        environ: the variables; the process environment is never read.
        check: whether the real daemon checks the files. If it is not in PATH, the test is
            skipped, or fails with `pytest --entrykit-require-daemons`.
        variables: more variables, which override those of `environ`.

    Returns:
        The files by path, relative to the role's directory.

    Raises:
        UsageError: there is no such role.
        SettingsError: with every error of every variable.
        RenderError: a template is broken.
        CheckError: the daemon refused the files.
    """
    from entrykit.errors import EntrykitError
    from entrykit.testing.rendering import read, render_files

    given = {**(environ or {}), **variables}
    try:
        known, settings = read(role, given)
        files = render_files(known, settings)
        if check:
            from entrykit.testing.daemons import check_with_daemon

            check_with_daemon(known, settings, given)
    except EntrykitError as error:
        raise error.with_traceback(None) from None  # without frames that contain variables
    return files


def assert_settings_error(role: str, environ: Mapping[str, str], *names: str) -> SettingsError:
    """Assert that variables are rejected, with an error for each of `names`.

    Args:
        role: the name of the role.
        environ: the variables; others than those named may be invalid too.
        names: names of variables. An error of `X_FILE` counts as one of X.

    Returns:
        The error; its `messages` contain a line for each problem.

    Raises:
        AssertionError: the variables are accepted, or one of `names` has no error; the
            message lists the errors.
    """
    from entrykit.errors import EntrykitError, SettingsError
    from entrykit.testing.rendering import read, render_files

    rejected = None
    try:
        render_files(*read(role, environ))
    except SettingsError as error:
        rejected = error
    except EntrykitError as error:
        raise error.with_traceback(None) from None
    if rejected is None:
        wanted = " and ".join(names) or "some variable"
        raise AssertionError(f"{role}: accepted (expected an error for {wanted})")
    _assert_names(rejected, names)
    return rejected


def _assert_names(error: SettingsError, names: tuple[str, ...]) -> None:
    invalid = {message.partition(":")[0] for message in error.messages}
    missing = [name for name in names if not invalid & {name, f"{name}_FILE"}]
    if missing:
        messages = "\n".join(f"  {message}" for message in error.messages)
        raise AssertionError(f"no error for {' and '.join(missing)}; the errors are:\n{messages}")
