"""What RabbitMQ needs beside its files: certificates that it can serve, and to be able to read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress

from entrykit.api import HostFacts, InvalidPem, Log, make_folder, refuse_pair

from .settings import RabbitmqSettings


class RabbitmqHostFacts(HostFacts):
    """Whether the certificates on this host can be served."""

    def conflicts(self, settings: RabbitmqSettings) -> Iterator[str]:
        """Yield what is wrong with a certificate: it cannot be read, or is not that of its key."""
        return _errors(settings)


def open_to_server(settings: RabbitmqSettings, _log: Log) -> None:
    """Open the live directory to the user that RabbitMQ will be."""
    if os.geteuid() == 0:
        _open_to_server(settings.config_dir)


def _errors(settings: RabbitmqSettings) -> Iterator[str]:
    seen = set()
    for section in ("rabbitmq_ssl", "rabbitmq_management_ssl"):
        certificate = getattr(settings, f"{section}_certfile")
        key = getattr(settings, f"{section}_keyfile")
        if certificate and key and (certificate, key) not in seen:
            seen.add((certificate, key))
            yield from _pair(section.upper(), certificate, key)


def _pair(section: str, certificate: str, key: str) -> Iterator[str]:
    errors = 0
    for name, path in (("CERTFILE", certificate), ("KEYFILE", key)):
        if not os.path.isfile(path) or not os.access(path, os.R_OK):
            errors += 1
            yield f"{section}_{name}: {path}: no file that uid {os.geteuid()} can read"
    if not errors:
        try:
            refuse_pair(certificate, key)
        except InvalidPem as reason:
            yield f"{section}_KEYFILE: {key} for {certificate}: {reason}"


def _open_to_server(folder: str) -> None:
    """Have what root writes here belong to the group that the official entrypoint changes to.

    Files with secrets are for their group (0640); with this bit files belong to the directory's.
    """
    import grp

    with suppress(KeyError):
        group = grp.getgrnam("rabbitmq").gr_gid
        make_folder(folder)
        os.chown(folder, -1, group)
        mode = stat.S_IMODE(os.stat(folder).st_mode)
        os.chmod(folder, mode | stat.S_ISGID | stat.S_IRGRP | stat.S_IXGRP)  # noqa: S103 -- no w
