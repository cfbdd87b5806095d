"""Measures cold starts, and prints ratios as a Markdown table: `make bench`.

Hosts differ and are busy with other things, so no figure is a time: all
programs take turns in each round, and a ratio is that of two medians. Wall is
what a person waits, CPU is user and system time of the process. entrykit is
measured from its start to its exec, which executes `true`: without the check,
which is what it is compared with.
"""

from __future__ import annotations

import argparse
import compileall
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import unified_diff
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

PROGRAMS = Path(sysconfig.get_path("scripts"))
PATH = f"{os.environ['PATH']}:/usr/sbin"  # Debian keeps HAProxy there
SMALL = "web:example.com,www.example.com api:9000:api.example.com"
LARGE = ((5_000, 500), (100_000, 1_000), (100_000, 10_000))  # domains, apps
SERVED = (100_000, 1_000)  # the same, with a certificate for each app


@dataclass
class Program:
    """A command that is measured.

    Attributes:
        before: what has to be done before each run, unmeasured.
        runs: wall and CPU seconds of each.
    """

    argv: list[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], None] = lambda: None
    runs: list[tuple[float, float]] = field(default_factory=list)

    def run(self, output: Path) -> tuple[float, float]:
        """Run it once; whatever it says goes into a file."""
        self.before()
        target = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        actions = [(os.POSIX_SPAWN_DUP2, target, descriptor) for descriptor in (1, 2)]
        environ = {"PATH": PATH, **self.environ}
        began = time.perf_counter()
        process = os.posix_spawn(self.argv[0], self.argv, environ, file_actions=actions)
        _, status, usage = os.wait4(process, 0)
        wall = time.perf_counter() - began
        os.close(target)
        if status:
            sys.exit(f"{' '.join(self.argv)}: status {status}\n{output.read_text()}")
        return wall, usage.ru_utime + usage.ru_stime

    def medians(self) -> tuple[float, float]:
        walls, cpus = zip(*self.runs, strict=True)
        return median(walls), median(cpus)


def found(name: str) -> str:
    program = shutil.which(name, path=PATH)
    if program is None:
        sys.exit(f"no {name} in PATH")
    return program


def entrykit(folder: Path, *, fresh: bool, **variables: str) -> Program:
    """A start up to the exec: the first one in this directory, or one where nothing has changed."""
    environ = {
        "BIND": "127.0.0.1",
        "CONFIG_DIR": str(folder),
        "ENTRYKIT_CHECK": "off",
        "ENTRYKIT_UPSTREAM": found("true"),
        **variables,
    }
    program = Program([str(PROGRAMS / "entrykit"), "haproxy"], environ)
    if fresh:
        program.before = lambda: forget(folder, variables.get("CERTS_DIR"))
    return program


def forget(folder: Path, certs: str | None) -> None:
    """Remove what a start has made, but no certificate."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("crt-list.txt", "names.map") if certs else ():
        Path(certs or "", name).unlink(missing_ok=True)


def j2cli(folder: Path) -> Program:
    """J2cli, rendering the file that entrykit wrote in this directory."""
    made = (folder / "haproxy.cfg").read_text()
    template = folder.with_suffix(".cfg.j2")
    template.write_text(as_template(made))
    argv = [str(PROGRAMS / "j2"), "--format", "env", str(template)]
    environ = {"DOMAINS": SMALL, "BIND": "127.0.0.1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        argv, env={"PATH": PATH, **environ}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"j2cli does not run:\n{done.stderr}")
    if done.stdout != made:
        lines = unified_diff(made.splitlines(), done.stdout.splitlines(), lineterm="")
        sys.exit("\n".join(["j2cli does not render the same file:", *lines]))
    return Program(argv, environ)


def as_template(config: str) -> str:
    """Write the template that gives the same haproxy.cfg from the same variables.

    One of its own would fall behind entrykit's; what matters here is that it is
    as large, has variables with defaults, and takes DOMAINS apart.
    """
    rest, block, end = re.split(r"(?s)(backend web:80\n.*?\n\n).*?(?=backend acme\n)", config)
    loop = (
        "{% for entry in DOMAINS.split() %}"
        '{% set words = entry.split(":") %}'
        '{% set name = words[0] ~ ":" ~ (words[1] if words | length == 3 else 80) %}'
        f"{block.replace('web:80', '{{ name }}')}"
        "{% endfor %}"
    )
    variables = re.sub(
        r"(?m)^( +timeout (\S+)) (\S+)$",
        lambda line: f"{line[1]} {{{{ {name_of(line[2])} | default('{line[3]}') }}}}",
        rest,
    )
    ports = re.sub(r"bind 127.0.0.1:(\d+)", r"bind {{ BIND }}:{{ PORT_\1 | default(\1) }}", end)
    return variables.replace("bind 127.0.0.1", "bind {{ BIND }}") + loop + ports


def name_of(timeout: str) -> str:
    return f"TIMEOUT_{timeout}".upper().replace("-", "_")


def domains(number: int, apps: int) -> Iterator[str]:
    """Yield a line of DOMAINS for each app."""
    for app in range(apps):
        yield f"app{app}:{','.join(names(app, number // apps))}\n"


def names(app: int, number: int) -> Iterator[str]:
    return (f"site{name}.app{app}.example.com" for name in range(number))


def certificates(folder: Path, number: int, apps: int) -> str:
    """Make a PEM file for each app's domains, with a key of its own as certbot has it."""
    folder.mkdir()
    issuer = ec.generate_private_key(ec.SECP256R1())
    for app in range(apps):
        (folder / f"app{app}.pem").write_bytes(pem(list(names(app, number // apps)), issuer))
    return str(folder)


def pem(names: list[str], issuer: ec.EllipticCurvePrivateKey) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    common = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(issuer_name=common, subject_name=common)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName(map(x509.DNSName, names)), critical=False)
        .sign(issuer, SHA256())
    )
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM) + plain


Row = tuple[str, Program, str, Program]


def rows(folder: Path, output: Path) -> Iterator[Row]:
    """Yield what is compared: a title and a program, twice."""
    nothing = Program([sys.executable, "-c", "pass"])
    bare = "`python -c pass`"
    first = entrykit(folder / "first", fresh=True, DOMAINS=SMALL)
    again = entrykit(folder / "again", fresh=False, DOMAINS=SMALL)
    for program in (first, again):
        program.run(output)
    peer = j2cli(folder / "again")
    yield "entrykit, 2 apps, first start", first, bare, nothing
    yield "entrykit, 2 apps, nothing changed", again, bare, nothing
    yield "j2cli, the same haproxy.cfg", peer, bare, nothing
    yield "entrykit, 2 apps, first start", first, "j2cli", peer
    for number, apps in LARGE:
        start = large(folder / f"{number}-{apps}", number, apps)
        title = f"entrykit, {number:,} domains of {apps:,} apps"
        yield title, start, bare, nothing
        yield title, start, "`haproxy -c` on the result", check(start, output)
    number, apps = SERVED
    certs = certificates(folder / "certificates", number, apps)
    start = large(folder / "served", number, apps, CERTS_DIR=certs)
    title = f"entrykit, {number:,} domains of {apps:,} apps, {apps:,} certificates"
    yield title, start, bare, nothing
    yield title, start, "`haproxy -c` on the result", check(start, output)


def large(folder: Path, number: int, apps: int, **variables: str) -> Program:
    file = folder.with_suffix(".domains")
    file.write_text("".join(domains(number, apps)))
    return entrykit(folder, fresh=True, DOMAINS_FILE=str(file), **variables)


def check(start: Program, output: Path) -> Program:
    """HAProxy's check of what a start has written."""
    start.run(output)
    return Program([found("haproxy"), "-c", "-f", f"{start.environ['CONFIG_DIR']}/haproxy.cfg"])


def measure(table: Sequence[Row], rounds: int, output: Path) -> None:
    """Run all programs in turns; a first round warms up and does not count."""
    programs = {id(program): program for row in table for program in (row[1], row[3])}
    for counted in [False] + [True] * rounds:
        for program in programs.values():
            run = program.run(output)
            if counted:
                program.runs.append(run)


def show(table: Sequence[Row], rounds: int) -> None:
    versions = ", ".join(f"{name} {version(name)}" for name in ("jinja2", "pydantic", "j2cli"))
    done = subprocess.run([found("haproxy"), "-v"], capture_output=True, text=True, check=True)
    print(f"Ratios of medians of {rounds} runs in turns, modules and templates already compiled.")
    print(f"Python {sys.version.split()[0]}, {versions}, HAProxy {done.stdout.split()[2]}.\n")
    print("| | takes as much as | wall | CPU |\n|---|---|---:|---:|")
    for title, program, other, against in table:
        pairs = zip(program.medians(), against.medians(), strict=True)
        print(f"| {title} | {other} | " + " | ".join(f"{a / b:.2f}" for a, b in pairs) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure cold starts; print ratios.")
    parser.add_argument("--runs", type=int, default=15, help="rounds of all programs (15)")
    rounds = parser.parse_args().runs
    compileall.compile_dir(sysconfig.get_path("purelib"), quiet=2)
    with TemporaryDirectory(prefix="entrykit-bench-") as folder:
        output = Path(folder, "output")
        table = list(rows(Path(folder), output))
        measure(table, rounds, output)
        show(table, rounds)


if __name__ == "__main__":
    main()
