"""The user of nginx's workers, if its master is root."""

from __future__ import annotations

import os
import stat
from typing import Final, NamedTuple

# Of the official image, of Debian's package, of every system.
_NAMES: Final = ("nginx", "www-data", "nobody")


class Account(NamedTuple):
    """A user and its group, by names and by numbers."""

    user: str
    group: str
    uid: int
    gid: int

    def may_write(self, found: os.stat_result) -> bool:
        """Whether it may write to a file, or create files in a directory, by their modes."""
        needed = 0o3 if stat.S_ISDIR(found.st_mode) else 0o2
        shift = 0
        if found.st_uid == self.uid:
            shift = 6
        elif found.st_gid in os.getgrouplist(self.user, self.gid):
            shift = 3
        return found.st_mode >> shift & needed == needed


def find_worker() -> Account | None:
    """Return the first account that this host has; None if nginx keeps its user."""
    import grp
    import pwd

    if os.geteuid() != 0:
        return None
    for name in _NAMES:
        try:
            found = pwd.getpwnam(name)
            return Account(name, grp.getgrgid(found.pw_gid).gr_name, found.pw_uid, found.pw_gid)
        except KeyError:
            continue
    return None
