"""One run of certbot, and the result read from its output.

Its exit code is 0 or not, and no more; only its output has the names that the CA
refused. Tested with 2.1, 4.0 and 5.5.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from entrykit.log import Log
from entrykit.roles.certbot.ordering.rate_limits import CSR_SENT
from entrykit.roles.certbot.plan import Plan
from entrykit.roles.certbot.process.signals import Signals
from entrykit.roles.certbot.process.subprocess import ProcessResult, run, signal_name

# `Domain` up to 4.0, `Identifier` since 5; of a wildcard it is the name after the `*.`.
_REFUSAL: Final = re.compile(
    r"^ *(?:Domain|Identifier): (?P<name>\S+)\n *Type: +(?P<kind>\S+)\n *Detail: (?P<detail>.*)$",
    re.MULTILINE,
)
# certbot 2.1 does not print the CA's problem with a whole order, but every version logs it.
_PROBLEM: Final = re.compile(
    r"^acme\.messages\.Error: urn:ietf:params:acme:error:(?P<kind>\w+) ::"
    r"(?: .* ::)? (?P<detail>.*)$",
    re.MULTILINE,
)
_HOST: Final = re.compile(r"(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")

# Problems with a whole order that are those of names in it (RFC 8555, 6.7).
_NAME_PROBLEMS: Final = ("rejectedIdentifier", "unsupportedIdentifier", "malformed", "caa", "dns")
_TOO_MANY_FAILURES: Final = "failed authorizations"  # Let's Encrypt's words, of type rateLimited

_HOOK_LINE: Final = re.compile(r"\s*entrykit: (error: |warning: )?(.*)")
_TEXT_LOG_ENVIRON: Final = {"ENTRYKIT_LOG_FORMAT": "text"}  # the hook's lines are then recognised
_BUSY: Final = "Another instance of Certbot is already running"
_PORT_TAKEN: Final = re.compile(r"Could not bind TCP port [0-9]+ because it is already in\s")
_CHATTER: Final = re.compile(
    r"Saving debug log to |Ask for help or search |An unexpected error occurred:|\s*$"
)
# The message of requests when urllib3 gives up: the last quoted text is the cause, after an object.
_CAUSE: Final = re.compile(
    r"Pool\(host='(?P<host>[^']*)', port=(?P<port>[0-9]+)\).*\(Caused by .*?(?P<quote>['\"])"
    r"(?:<.* object at 0x[0-9a-f]+>: |HTTPS?Connection\([^)]*\): )?(?P<cause>.*)(?P=quote)\)"
)
_MAX_LOG_BYTES: Final = (
    1 << 22
)  # bytes read from the end of a log: a run with 100 names writes one million


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a run.

    Attributes:
        ok: certbot succeeded.
        refused_names: names that the CA refused, each with its reason.
        error: certbot's last message if no name is to blame.
        busy: another certbot uses the same directories, or another process has the port.
        account_unknown: the CA does not know the account any more.
        csr_sent: the certificate was requested, and has most probably been issued.
    """

    ok: bool
    refused_names: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    busy: bool = False
    account_unknown: bool = False
    csr_sent: bool = False


@dataclass(frozen=True, slots=True)
class Certbot:
    """The real certbot, with everything that its runs need.

    Attributes:
        plan: names its directories and its ini.
        environ: its environment without the CA bundle.
        signals: may stop it: every method then raises Stopped.
        log: gets its output, as debug; that of the deploy hook, with its own level.
    """

    plan: Plan
    environ: Mapping[str, str]
    signals: Signals
    log: Log

    def issue(self, lineage: str, names: Sequence[str], *, force: bool) -> Outcome:
        """Order a certificate.

        Args:
            lineage: for certbot's --cert-name, new or not.
            names: its names, 1 to 100.
            force: whether to renew a certificate with these names whatever its age.
        """
        domains = [word for name in names for word in ("--domain", name)]
        forced = ["--force-renewal"] if force else []
        return self._run(["certonly", "--cert-name", lineage, *forced, *domains], names)

    def renew_early(self, names: Collection[str]) -> Outcome:
        """Renew the certificates that the CA wants renewed early (ARI, RFC 9773; since 4.1).

        Args:
            names: those of all certificates.
        """
        return self._run(["renew"], names)

    def register(self) -> Outcome:
        """Register the account without an order."""
        return self._run(["register"], ())

    def _run(self, words: Sequence[str], names: Collection[str]) -> Outcome:
        argv = ["certbot", words[0], "--config", self.plan.ini, *words[1:]]
        self.log.debug(f"run: {' '.join(argv)}")
        bundle = self.plan.ca_bundle
        trust = {"REQUESTS_CA_BUNDLE": bundle} if bundle else {}
        before = self._log_inode()
        try:
            ended = run(
                argv, {**self.environ, **trust, **_TEXT_LOG_ENVIRON}, self.signals, self._log_line
            )
        except OSError as error:
            return Outcome(ok=False, error=f"certbot cannot be executed ({error.strerror})")
        is_logged = ended.code != 0 and self._log_inode() != before
        return parse_outcome(ended, names, self.read_log() if is_logged else "")

    def _log_inode(self) -> int | None:
        """Identify the log of a run: each run begins a file, unless it dies early."""
        try:
            return os.stat(self._log_path()).st_ino
        except OSError:
            return None

    def _log_path(self) -> str:
        return os.path.join(self.plan.logs_dir, "letsencrypt.log")

    def _log_line(self, line: str) -> None:
        """Log a line of certbot, or of our deploy hook within its output."""
        levels = {"error: ": self.log.error, "warning: ": self.log.warning, None: self.log.info}
        if hook := _HOOK_LINE.match(line):
            levels[hook[1]](hook[2])
        else:
            self.log.debug(f"certbot: {line}")

    def read_log(self) -> str:
        """Return the end of certbot's own log; empty if there is none."""
        try:
            with open(self._log_path(), "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _MAX_LOG_BYTES))
                return file.read().decode(errors="replace")
        except OSError:
            return ""


def parse_outcome(ended: ProcessResult, names: Collection[str], logged: str) -> Outcome:
    """Read the result of a run from its exit code and its output.

    Args:
        ended: the run.
        names: the names that were ordered.
        logged: certbot's own log of this run, if it has failed; empty if it has none.
    """
    if ended.code == 0:
        return Outcome(ok=True)
    if _BUSY in ended.output:
        return Outcome(ok=False, error="another certbot is at work", busy=True)
    if _PORT_TAKEN.search(ended.output):
        return Outcome(ok=False, error=_last_line(ended), busy=True)
    problems = [] if ended.code < 0 else list(_PROBLEM.finditer(logged))
    problem = problems[-1] if problems else None
    refused = _find_refused(ended.output, names) or _find_mentioned(problem, names)
    error = f"{problem['detail']} ({problem['kind']})" if problem else _last_line(ended)
    account_unknown = problem is not None and problem["kind"] == "accountDoesNotExist"
    return Outcome(
        ok=False,
        refused_names=refused,
        error="" if refused else error,
        account_unknown=account_unknown,
        csr_sent=CSR_SENT in logged,
    )


def _find_refused(output: str, names: Collection[str]) -> dict[str, str]:
    """Return the names whose challenges have failed."""
    return {
        name: f"{found['detail']} ({found['kind']})"
        for found in _REFUSAL.finditer(output)
        for name in (found["name"], f"*.{found['name']}")
        if name in names
    }


def _find_mentioned(problem: re.Match[str] | None, names: Collection[str]) -> dict[str, str]:
    """Return the names for which the CA refused a whole order."""
    if problem is None:
        return {}
    kind, detail = problem["kind"], problem["detail"]
    if kind not in _NAME_PROBLEMS and _TOO_MANY_FAILURES not in detail:
        return {}
    mentioned = {host.rstrip(".") for host in _HOST.findall(detail.lower())}
    return {name: f"{detail} ({kind})" for name in names if name in mentioned}


def _last_line(ended: ProcessResult) -> str:
    if ended.code < 0:
        return f"certbot was killed by {signal_name(-ended.code)}"
    lines = [line.strip() for line in ended.output.splitlines() if not _CHATTER.match(line)]
    return (
        _extract_cause(lines[-1]) if lines else f"certbot exited with {ended.code} and no message"
    )


def _extract_cause(message: str) -> str:
    """Return why requests got no answer; other messages as they are."""
    found = _CAUSE.search(message)
    return f"{found['host']}:{found['port']}: {found['cause']}" if found else message
