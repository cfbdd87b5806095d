"""Plans for tests that need a few fields of one."""

from __future__ import annotations

from pathlib import Path

from entrykit.roles.certbot.plan import Group, Plan


def plan_for(folder, *groups, **fields):
    """A plan for certbot's folder, and groups as names with their host names."""
    folder = Path(folder)
    defaults = {
        "config_dir": str(folder),
        "work_dir": str(folder.parent / "work"),
        "logs_dir": str(folder.parent / "logs"),
        "ini": str(folder.parent / "entrykit.ini"),
        "certbot": (5, 5, 0),
        "ca_bundle": None,
        "groups": tuple(Group(name, tuple(names)) for name, names in groups),
        "challenge": "standalone",
        "port": 8080,
        "certs_dir": None,
        "certs_group": None,
        "admin_socket": None,
        "master_socket": None,
        "haproxy_url": "http://haproxy",
        "haproxy_container": None,
        "renew_interval": 0,
        "prune": False,
        "wait": 0,
        "thumbprint_file": None,
        "server": "https://ca.test/dir",
    }
    return Plan(**defaults | fields)
