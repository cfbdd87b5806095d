"""Measures what `entrykit.api` costs a start, and prints the ratio: `make bench`.

The same user-supplied role is written twice: one imports its names from `entrykit.api`, the other
from the modules that define them. Both render in turn, and the ratio is that of the median CPU
times of the process. Built-in roles import no name from there, so their starts cost the same.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

ENTRYKIT = Path(sysconfig.get_path("scripts"), "entrykit")
PROMISED = 1.02

ROLE = """
from typing import Annotated, Final

from pydantic import Field

IMPORTS

Greeting = Annotated[str, types.text(forbid="$")]


class MySettings(Settings):
    config_dir: types.Folder = Field(default="/etc/NAME", description="Directory of the file.")
    my_greeting: Greeting = Field(default="Hello", description="Greeting.")
    my_token: types.Secret | None = Field(default=None, description="Token.")


ROLE: Final = Role(
    name="NAME",
    summary="a role",
    settings=MySettings,
    files=Files(main="main.conf", quoting={".conf": quote_nginx}),
    daemon=Daemon(names=["true"], run=["true"]),
    check=Check(argv=["true"]),
)
"""
PUBLIC = "from entrykit.api import Check, Daemon, Files, Role, Settings, quote_nginx, types"
DIRECT = """from entrykit.quoting.nginx import quote_nginx
from entrykit.role import Check, Daemon, Files, Role
from entrykit.variables import types
from entrykit.variables.settings import Settings"""


def write(folder: Path, name: str, imports: str) -> None:
    templates = folder / name / "templates"
    templates.mkdir(parents=True)
    (templates / "main.conf.j2").write_text("greeting {{ settings.my_greeting }};\n")
    text = ROLE.replace("NAME", name).replace("IMPORTS", imports)
    (folder / name / "role.py").write_text(text)


def cpu_time(name: str, environ: dict[str, str]) -> float:
    """Return the user and system time of one `entrykit render`, in seconds."""
    process = subprocess.Popen([ENTRYKIT, "render", name], env=environ, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"entrykit render {name}: status {status}")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=re.split(r"\n\n", str(__doc__))[0])
    parser.add_argument("--runs", type=int, default=41, help="of each")
    runs = parser.parse_args().runs
    with TemporaryDirectory() as place:
        folder = Path(place)
        write(folder, "public", PUBLIC)
        write(folder, "direct", DIRECT)
        environ = {"PATH": os.environ["PATH"], "ENTRYKIT_ROLES_PATH": place}
        names = ("public", "direct")
        times: dict[str, list[float]] = {name: [] for name in names}
        for number in range(runs + 1):
            for name in names if number % 2 else reversed(names):
                times[name].append(cpu_time(name, environ))
    ratio = median(times["public"][1:]) / median(times["direct"][1:])
    print("| A role's start by `entrykit.api` | CPU, direct imports being 1 | promised |")
    print("|---|---|---|")
    print(f"| {runs} runs of each, in turn | {ratio:.3f} | at most {PROMISED} |")


if __name__ == "__main__":
    main()
