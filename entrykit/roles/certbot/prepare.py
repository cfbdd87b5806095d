"""Create the directories that certbot writes to, and warn about what will not work."""

from __future__ import annotations

import errno
import os

from entrykit.files.transaction import wrap_os_errors
from entrykit.log import Log
from entrykit.roles.certbot.host import CertbotHostFacts, can_write_default_folders
from entrykit.roles.certbot.settings import CertbotSettings

_MAX_LISTED = 5


def prepare_host(settings: CertbotSettings, log: Log) -> None:
    """Create the directories, and warn about what will not work.

    Args:
        settings: CONFIG_DIR, CERTS_DIR and the paths of user-supplied files.
        log: gets warnings of names without a certificate, and of files that cannot be used.

    Raises:
        CommitError: a directory cannot be created or written.
    """
    folder = settings.config_dir
    work, logs = CertbotHostFacts(can_write_defaults=can_write_default_folders()).folders(folder)
    # With certbot's own modes; certificates are in directories of mode 0700.
    _make_writable(folder, 0o755)
    _make_writable(work, 0o755)
    _make_writable(logs, 0o700)
    if settings.certs_dir:
        _make_writable(settings.certs_dir, 0o755)
    _warn_of_names(settings, log)
    _warn_of_files(settings, log)


def _make_writable(path: str, mode: int) -> None:
    with wrap_os_errors(path):
        os.makedirs(path, mode, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            read_only = os.statvfs(path).f_flag & os.ST_RDONLY
            number = errno.EROFS if read_only else errno.EACCES
            raise OSError(number, os.strerror(number), path)


def _warn_of_names(settings: CertbotSettings, log: Log) -> None:
    left_out = settings.unorderable_names
    for name in left_out[:_MAX_LISTED]:
        reason = "a wildcard needs DNS_PLUGIN" if name.startswith("*.") else "an IP address"
        log.warning(f"no certificate for {name}: {reason}")
    if rest := left_out[_MAX_LISTED:]:
        log.warning(f"no certificate for {len(rest)} more wildcards and IP addresses")
    if not settings.groups:
        log.warning("DOMAINS: none of its names gets a certificate")


def _warn_of_files(settings: CertbotSettings, log: Log) -> None:
    for name in ("acme_ca_bundle", "dns_credentials"):
        path = getattr(settings, name)
        if path and not os.access(path, os.R_OK):
            log.warning(f"{name.upper()}: {path} cannot be read: no order will succeed")
    path = settings.dns_credentials
    if path and os.path.exists(path) and os.stat(path).st_mode & 0o007:
        log.warning(f"DNS_CREDENTIALS: {path} is accessible to everyone (expected mode 600 or 640)")
