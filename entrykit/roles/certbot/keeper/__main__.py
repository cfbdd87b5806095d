"""`python -m entrykit.roles.certbot.keeper`: the path that images and health checks name."""

from __future__ import annotations

import os
import sys

from entrykit.roles.certbot.keeper.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
