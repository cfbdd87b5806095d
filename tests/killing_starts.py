"""Kills starts of the haproxy role before each of their steps, and has HAProxy judge what is left.

    python killing_starts.py FOLDER BEFORE

BEFORE is what a round begins with: `nothing`; or an earlier start, whose CERTS_DIR is `kept` or
`gone` since. Each round starts with other domains in a process that gets SIGKILL before its Nth
step; a start with bad variables follows. It writes a JSON list with an object a round: what was
`killed`, which `domains` are live then, and what HAProxy `says` against the folder, in the words
of `haproxy -c`.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

from killing import killed_at

from entrykit.discovery.finder import load_role
from entrykit.errors import SettingsError
from entrykit.log import LEVELS, Log
from entrykit.start import configure

HAPROXY = load_role("haproxy")
QUIET = Log()
QUIET.adjust_level(-len(LEVELS))


def variables(folder, name, certs):
    config = {"CONFIG_DIR": f"{folder}/config", "CERTS_DIR": f"{folder}/{certs}"}
    unjudged = {"ENTRYKIT_CHECK": "off", "ENTRYKIT_UPSTREAM": "/bin/true"}
    return {"PATH": os.environ["PATH"], "DOMAINS": f"127.0.0.1:1:{name}", **config, **unjudged}


def start(folder, name, certs, **more):
    configure(HAPROXY, [], variables(folder, name, certs) | more, QUIET)


def reset(folder, before, certs):
    """Put everything back to where a round begins; `certs` is the folder of the doomed start."""
    for path in Path(folder).iterdir():
        shutil.rmtree(path)
    if certs == "foreign":  # a list of somebody else's: ours has to lie in CONFIG_DIR
        Path(folder, certs).mkdir()
        Path(folder, certs, "crt-list.txt").write_text("mine.pem\n")
    if before != "nothing":
        start(folder, "old.test", "first")
    if before == "gone":
        shutil.rmtree(Path(folder, "first"))


def state(folder):
    """Which domains are live, and what HAProxy says against that."""
    main = Path(folder, "config", "haproxy.cfg")
    if not main.exists():
        return {"domains": None, "says": ""}
    argv = ["haproxy", "-c", "-f", main]
    judged = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    domains = (main.parent / "hosts.map").read_text().splitlines()[-1].split()[0]
    return {"domains": domains, "says": judged.stderr if judged.returncode else ""}


def rounds(folder, before, certs):
    for step in itertools.count(1):
        reset(folder, before, certs)
        killed = killed_at(step, partial(start, folder, "new.test", certs))
        with suppress(SettingsError):
            start(folder, "new.test", certs, HTTP_PORT="bad")
        yield {"killed": killed, **state(folder)}
        if not killed:
            return


if __name__ == "__main__":
    json.dump(list(rounds(*sys.argv[1:])), sys.stdout)
