"""Lines of a password file."""

from __future__ import annotations

import bcrypt

# Of `secret`, as `htpasswd -m` makes it.
MD5 = "$apr1$b4x9TZ7o$XCmkMsV7OuNiXxmj9oqea/"


def htpasswd(user, password):
    """A line as `htpasswd -B` prints it, with the lowest cost."""
    digest = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()
    return f"{user}:{digest.replace('$2b$', '$2y$')}"
