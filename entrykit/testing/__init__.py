"""Test variables and templates offline: files as Python sees them, and golden cases.

>>> from entrykit.testing import assert_settings_error, render_role
>>> files = render_role("haproxy", DOMAINS="web:example.com", TIMEOUT_CONNECT="2s")
>>> files["haproxy.cfg"].section("defaults").directive("timeout connect")
'2s'
>>> error = assert_settings_error("haproxy", {"DOMAINS": "web:"}, "DOMAINS")

Golden cases need no Python: `entrykit.testing.plugin` finds them.
"""

from __future__ import annotations

# Whoever runs pytest where entrykit is installed imports this, so it imports nothing else.
from collections.abc import Mapping
from typing import TYPE_CHECKING

from entrykit.testing.warnings import VariablesWarning

if TYPE_CHECKING:
    from entrykit.errors import SettingsError
    from entrykit.testing.files import RenderedFiles

__all__ = ["VariablesWarning", "assert_settings_error", "render_role"]

# To pytest: show a failure where the test called us. Frames in here have all variables in hand,
# and pytest shows what frames are called with.
__tracebackhide__ = True


def render_role(
    role: str, environ: Mapping[str, str] | None = None, *, check: bool = False, **variables: str
) -> RenderedFiles:
    """Render the files of a role from these variables alone.

    Args:
        role: its name, as `entrykit roles` lists them.
        environ: variables, names to texts; the process environment is never looked at.
        check: whether the real daemon is to judge the files. Where PATH has none the test is
            skipped, or fails if pytest was told `--entrykit-require-daemons`.
        variables: more of them, which go before those of `environ`.

    Returns:
        The files by their paths relative to the role's folder.

    Raises:
        UsageError: there is no such role.
        SettingsError: with every fault of every variable.
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
        raise error.with_traceback(None) from None  # nor the frames that it came through
    return files


def assert_settings_error(role: str, environ: Mapping[str, str], *names: str) -> SettingsError:
    """Assert that variables are refused, each of `names` by a fault of its own.

    Args:
        role: its name.
        environ: the variables; others than those named may be at fault as well.
        names: of variables. A fault of `X_FILE` counts as one of X.

    Returns:
        The error: its `faults` are all that is wrong, a line each.

    Raises:
        AssertionError: they are accepted, or a named one has no fault; the message says
            which faults there are.
    """
    from entrykit.errors import EntrykitError, SettingsError
    from entrykit.testing.rendering import read, render_files

    refused = None
    try:
        render_files(*read(role, environ))
    except SettingsError as error:
        refused = error
    except EntrykitError as error:
        raise error.with_traceback(None) from None
    if refused is None:
        wanted = " and ".join(names) or "any"
        raise AssertionError(f"{role}: accepted (expected a fault of {wanted})")
    _assert_names(refused, names)
    return refused


def _assert_names(error: SettingsError, names: tuple[str, ...]) -> None:
    blamed = {fault.partition(":")[0] for fault in error.messages}
    missing = [name for name in names if not blamed & {name, f"{name}_FILE"}]
    if missing:
        faults = "\n".join(f"  {fault}" for fault in error.messages)
        raise AssertionError(f"no fault of {' and '.join(missing)}; there are:\n{faults}")
