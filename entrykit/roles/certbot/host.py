"""What certbot's files have to know of the machine, and the plan that follows."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from entrykit.daemon.program import find
from entrykit.errors import HandOverError, SettingsError
from entrykit.quoting.shell import quote_shell
from entrykit.role import HostFacts
from entrykit.roles.certbot.plan import Plan
from entrykit.roles.certbot.settings import CONFIG_DIR, CertbotSettings
from entrykit.roles.certbot.types import to_seconds

# How Python runs a module of ours: whatever lies in the working directory is not imported.
MODULE_FLAGS: Final = ("-P", "-m")
KEEPER_MODULE: Final = "entrykit.roles.certbot.keeper"
_PROFILES_SINCE: Final = (4, 0)


class Folders(NamedTuple):
    """Where certbot works and logs."""

    work: str
    logs: str


_DEFAULT_FOLDERS: Final = Folders(
    "/var/lib/letsencrypt", "/var/log/letsencrypt"
)  # certbot's defaults


@dataclass(frozen=True, slots=True)
class CertbotHostFacts(HostFacts):
    """The machine as certbot finds it.

    Attributes:
        version: of certbot.
        python: the interpreter that runs the keeper and certbot's hook.
        writable: whether certbot's default folders, outside of CONFIG_DIR, can be written.
    """

    version: tuple[int, ...] = (5, 5, 0)
    python: str = "python3"
    writable: bool = True

    @classmethod
    def observe(cls, environ: Mapping[str, str]) -> Self:
        """Ask the certbot that PATH leads to for its version.

        Raises:
            HandOverError: there is none, or it does not say.
        """
        return cls(_ask_version(environ), sys.executable, writable=can_write_default_folders())

    def folders(self, config_dir: str) -> Folders:
        """Return where certbot works and logs.

        They are certbot's own only with its own CONFIG_DIR: they have locks, which
        another CONFIG_DIR on this machine would wait for.
        """
        if self.writable and config_dir == CONFIG_DIR:
            return _DEFAULT_FOLDERS
        return Folders(os.path.join(config_dir, "work"), os.path.join(config_dir, "logs"))

    def profile(self, settings: CertbotSettings) -> str | None:
        """Return CERT_PROFILE.

        Raises:
            SettingsError: it is set, and this certbot has no profiles.
        """
        if settings.cert_profile and self.version < _PROFILES_SINCE:
            has = ".".join(map(str, self.version))
            raise SettingsError(
                [f"CERT_PROFILE: certbot {has} has no profiles (expected certbot 4.0 or newer)"]
            )
        return settings.cert_profile

    def hook(self, settings: CertbotSettings) -> str:
        """Return the shell's command that certbot runs after each order."""
        program = (self.python, *MODULE_FLAGS, "entrykit.roles.certbot.deploy")
        return " ".join(map(quote_shell, (*program, keeper_conf_path(settings))))

    def plan(self, settings: CertbotSettings) -> Plan:
        """Return all that the keeper has to know."""
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
    """Return the path of the plan."""
    return f"{settings.config_dir}/keeper.conf"


def can_write_default_folders() -> bool:
    """Whether certbot's default folders can be written, or made."""
    return all(_can_write(path) for path in _DEFAULT_FOLDERS)


def _can_write(path: str) -> bool:
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return os.access(path, os.W_OK | os.X_OK)


def _ask_version(environ: Mapping[str, str]) -> tuple[int, ...]:
    import subprocess

    program = find("certbot", environ)
    done = subprocess.run(
        [program, "--version"], capture_output=True, text=True, env=environ, check=False
    )
    match = re.search(r"^certbot ([0-9]+(?:\.[0-9]+)*)", done.stdout, re.MULTILINE)
    if not match:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise HandOverError(program, f"does not say its version: {said[-1:]}", found=True)
    return tuple(map(int, match[1].split(".")))
