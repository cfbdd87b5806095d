"""Runs the stack on loopback: HAProxy, certbot, nginx, and Pebble, a test CA.

With a terminal it stays until Ctrl-C; without one it ends by itself. The exit
code is 1 if any answer is not the right one.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from asking import is_right, requests, say
from certbot.pebble import Pebble
from daemons import LOOPBACK, Process, free_ports, healthy, role, trusted, wait

SITES = ("one", "two")

FOR_REAL = """
For a real authority, Let's Encrypt: leave ACME_SERVER and ACME_CA_BUNDLE out, give your own
DOMAINS and EMAIL, and let HAProxy listen on 80 and 443, where the names lead to. ACME_STAGING=on
for the first try. docs/stack.md has the rest.
"""


@dataclass(frozen=True)
class Demo:
    """The directory of everything, and the variables of each program.

    Attributes:
        folder: with the volumes and the logs.
        roles: name to variables.
    """

    folder: Path
    roles: Mapping[str, Mapping[str, str]]

    def port(self, role: str, name: str) -> int:
        """A port that a role listens on."""
        return int(self.roles[role][name])

    def log(self, role: str) -> Path:
        """The file with the output of a role."""
        return self.folder / f"{role}.log"


def planned(folder: Path, pebble: Pebble) -> Demo:
    """Return the variables of each role: one text of domains for all."""
    numbers = free_ports((8443, 8090, 8091, 8401, 8402))
    https, site, challenges, edge_health, site_health = map(str, numbers)
    names = "one.localhost,www.one.localhost,two.localhost"
    domains = {"DOMAINS": f"{LOOPBACK}:{site}:{names}"}
    shared = {
        "CERTS_DIR": str(folder / "certs"),
        "ADMIN_SOCKET": str(folder / "run" / "admin.sock"),
    }
    edge = {
        "CONFIG_DIR": str(folder / "haproxy"),
        "BIND": LOOPBACK,
        "HTTP_PORT": str(pebble.http_port),
        "HTTPS_PORT": https,
        "PUBLIC_HTTPS_PORT": https,
        "WWW_REDIRECT": "on",
        "HEALTH_PORT": edge_health,
        "ACME_BACKEND": f"{LOOPBACK}:{challenges}",
    }
    sites = {
        "CONFIG_DIR": str(folder / "nginx"),
        "BIND": LOOPBACK,
        "HTTP_PORT": site,
        "HEALTH_PORT": site_health,
        "WWW_ROOT": str(folder / "www"),
        "TRUSTED_PROXIES": f"{LOOPBACK}/32",
    }
    certificates = {
        "CONFIG_DIR": str(folder / "letsencrypt"),
        "EMAIL": "you@example.com",
        "ACME_PORT": challenges,
        "HAPROXY_URL": f"http://{LOOPBACK}:{pebble.http_port}",
        "ACME_SERVER": pebble.directory,
        "ACME_CA_BUNDLE": str(pebble.bundle),
    }
    variables = {
        "haproxy": domains | shared | edge,
        "nginx-static": domains | sites,
        "certbot": domains | shared | certificates,
    }
    return Demo(folder, variables)


def write_sites(www: Path) -> None:
    """Write a page for each site."""
    for name in SITES:
        site = www / f"{name}.localhost"
        site.mkdir(parents=True)
        (site / "index.html").write_text(f"Site {name}\n")


def show(demo: Demo) -> None:
    """Print the variables."""
    for name, variables in demo.roles.items():
        say(f"`entrykit {name}` gets\n")
        for variable, value in variables.items():
            say(f"  {variable}={value}")
        say("")


def start(demo: Demo, stack: ExitStack, root: str) -> list[Process]:
    """Start all three, and return when HAProxy presents certificates that the root is behind."""
    running = {
        name: stack.enter_context(role(name, variables, demo.log(name)))
        for name, variables in demo.roles.items()
    }
    for name in ("haproxy", "nginx-static"):
        port = demo.port(name, "HEALTH_PORT")
        wait(running[name], demo.log(name), lambda port=port: healthy(port))  # type: ignore[misc]
    https = demo.port("haproxy", "HTTPS_PORT")
    names = [f"{site}.localhost" for site in SITES]
    wait(
        running["certbot"],
        demo.log("certbot"),
        lambda: all(trusted(https, name, root) for name in names),
    )
    return list(running.values())


def demonstrate(folder: Path) -> bool:
    """Run everything; with a terminal, until Ctrl-C.

    Returns:
        Whether every answer was the right one, and no program ended by itself.
    """
    (http,) = free_ports((8080,))
    with ExitStack() as stack:
        pebble = stack.enter_context(Pebble(folder / "pebble", http_port=http))
        demo = planned(folder, pebble)
        write_sites(folder / "www")
        show(demo)
        running = start(demo, stack, pebble.root())
        root = folder / "root.pem"
        root.write_text(pebble.root())
        say("From empty volumes to certificates, as certbot tells it:\n")
        say(demo.log("certbot").read_text(errors="replace"))
        asked = requests(http, demo.port("haproxy", "HTTPS_PORT"), str(root))
        wrong = [request for request in asked if not is_right(request)]
        say(f"\n{len(wrong)} wrong answers." if wrong else "\nAll answers are right.")
        say(FOR_REAL)
        if wrong or not (sys.stdin.isatty() and sys.stdout.isatty()):
            return not wrong
        say(f"Serving until Ctrl-C; paste any line after a $. The logs are in {folder}")
        running[0].wait()
        say(demo.log("haproxy").read_text(errors="replace"))
        return False


def main() -> int:
    """Run the demo and return its exit code."""
    # Whatever ends us, the programs and the directory do not stay behind.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        with TemporaryDirectory(prefix="entrykit-demo-") as folder:
            Path(folder).chmod(0o755)  # for nginx's workers
            return 0 if demonstrate(Path(folder)) else 1
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:  # no one reads it any more (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
