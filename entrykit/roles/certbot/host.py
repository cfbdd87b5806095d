"""The facts of the host that certbot's files depend on, and the keeper's plan."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from entrykit.daemon.program import query
from entrykit.display import display
from entrykit.errors import HandOverError
from entrykit.quoting.shell import quote_shell
from entrykit.role import HostFacts
from entrykit.roles.certbot.plan import Plan
from entrykit.roles.certbot.settings import CONFIG_DIR, CertbotSettings
from entrykit.roles.certbot.types import to_seconds

# How Python runs a module of entrykit's: nothing is imported from the working directory.
MODULE_FLAGS: Final = ("-P", "-m")
KEEPER_MODULE: Final = "entrykit.roles.certbot.keeper"
_PROFILES_SINCE: Final = (4, 0)
_VERSION_TIMEOUT: Final = 60.0  # seconds: certbot starts slowly, and more so under emulation


class Folders(NamedTuple):
    """certbot's --work-dir and --logs-dir."""

    work: str
    logs: str


# certbot's defaults.
_DEFAULT_FOLDERS: Final = Folders("/var/lib/letsencrypt", "/var/log/letsencrypt")


@dataclass(frozen=True, slots=True)
class CertbotHostFacts(HostFacts):
    """What certbot's files depend on.

    Attributes:
        version: of certbot.
        python: the interpreter that runs the keeper and certbot's deploy hook.
        can_write_defaults: whether certbot's default work and log directories can be written.
    """

    version: tuple[int, ...] = (5, 5, 0)
    python: str = "python3"
    can_write_defaults: bool = True

    @classmethod
    def observe(cls, environ: Mapping[str, str]) -> Self:
        """Ask the certbot in PATH for its version.

        Raises:
            HandOverError: it cannot be executed, or prints no version.
        """
        version = _query_version(environ)
        return cls(version, sys.executable, can_write_defaults=can_write_default_folders())

    def conflicts(self, settings: CertbotSettings) -> Iterator[str]:
        """Yield a message for what the installed certbot cannot do."""
        if settings.cert_profile and self.version < _PROFILES_SINCE:
            version = ".".join(map(str, self.version))
            yield (
                f"CERT_PROFILE: certbot {version} has no profiles (expected certbot 4.0 or newer)"
            )

    def folders(self, config_dir: str) -> Folders:
        """Return certbot's work and log directories.

        They are certbot's defaults only with the default CONFIG_DIR: certbot locks them, and
        another CONFIG_DIR on this host would have to wait.
        """
        if self.can_write_defaults and config_dir == CONFIG_DIR:
            return _DEFAULT_FOLDERS
        return Folders(os.path.join(config_dir, "work"), os.path.join(config_dir, "logs"))

    def deploy_hook(self, settings: CertbotSettings) -> str:
        """Return the shell command that certbot runs after each order."""
        program = (self.python, *MODULE_FLAGS, "entrykit.roles.certbot.deploy")
        return " ".join(map(quote_shell, (*program, keeper_conf_path(settings))))

    def plan(self, settings: CertbotSettings) -> Plan:
        """Return the configuration of the keeper."""
        work, logs = self.folders(settings.config_dir)
        return Plan(
            config_dir=settings.config_dir,
            work_dir=work,
            logs_dir=logs,
            ini=f"{settings.config_dir}/entrykit.ini",
            certbot=self.version,
            ca_bundle=settings.acme_ca_bundle,
            groups=settings.groups,
            challenge=settings.challenge_method,
            port=settings.acme_port,
            certs_dir=settings.certs_dir,
            certs_group=settings.certs_group,
            admin_socket=settings.admin_socket,
            master_socket=settings.master_socket,
            haproxy_url=settings.haproxy_url,
            haproxy_container=settings.haproxy_container,
            renew_interval=to_seconds(settings.renew_interval),
            prune=settings.prune == "delete",
            wait=to_seconds(settings.haproxy_wait),
            thumbprint_file=settings.thumbprint_file,
            server=settings.server,
        )


def keeper_conf_path(settings: CertbotSettings) -> str:
    """Return the path of the keeper's plan."""
    return f"{settings.config_dir}/keeper.conf"


def can_write_default_folders() -> bool:
    """Whether certbot's default directories can be written or created."""
    return all(_can_write(path) for path in _DEFAULT_FOLDERS)


def _can_write(path: str) -> bool:
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return os.access(path, os.W_OK | os.X_OK)


def _query_version(environ: Mapping[str, str]) -> tuple[int, ...]:
    # certbot begins a log in a temporary directory before it reads its arguments.
    extra = {name: environ[name] for name in ("TMPDIR",) if name in environ}
    output = query(["certbot", "--version"], environ, _VERSION_TIMEOUT, extra=extra)
    match = re.search(r"^certbot ([0-9]+(?:\.[0-9]+)*)", output, re.MULTILINE)
    if not match:
        raise HandOverError(
            "certbot",
            f"`certbot --version` prints no version: {display(output.strip())}",
            found=True,
        )
    return tuple(map(int, match[1].split(".")))
