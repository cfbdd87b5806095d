"""What the console blocks of some pages show is what comes out, in the order of the page."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from namespaces import UNSHARE
from programs import ENTRYKIT, under_test

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ["templates.md", "any-daemon.md", "coming-from.md"]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"(?:\{# |# )([\w./-]+\.(?:j2|env))(?: #\})?\n")
# The hosts `db` and `app`, for nobody but the commands of the page, on ports that are theirs.
_WORLD = """
ip link set lo up
printf '127.0.0.1 localhost db app\\n' > "$1/hosts"
mount --bind "$1/hosts" /etc/hosts
mkdir "$1/served" && touch "$1/served/health"
for port in 5432 8080; do
    python3 -m http.server --directory "$1/served" --bind 127.0.0.1 $port > "$1/$port" 2>&1 &
done
for port in 5432 8080; do
    until (: < /dev/tcp/127.0.0.1/$port) 2> "$1/probe"; do :; done
done
cd "$2"
. "$1/commands"
kill $(jobs -p)
"""


def blocks(page):
    return _BLOCK.findall((DOCS / page).read_text())


def commands(text):
    """Each command of a console block, and what it says."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, said = part.partition("\n")
        yield command, said


def plain(said, folder):
    """Without what differs from run to run: a time, the folder, the order of what comes at once."""
    told = re.sub(r"after \d+\.\d s", "after 0.0 s", said.replace(str(folder), "/app"))
    lines = told.splitlines()
    return sorted(lines) if any("waiting for" in line for line in lines) else lines


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_say_what_it_shows(page, tmp_path):
    """With the files that the page shows, and the hosts that it speaks of."""
    folder, world = tmp_path / "app", tmp_path / "world"
    folder.mkdir()
    world.mkdir()
    shown, script = [], []
    for language, text in blocks(page):
        if language in {"jinja", "dotenv"} and (named := _NAMED.match(text)):
            path = folder / named[1]
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        for command, said in commands(text) if language == "console" else ():
            script.append(f"{{ {command}\n}} > {shlex.quote(str(world))}/said.{len(shown)} 2>&1\n")
            shown.append((command, said))
    (world / "commands").write_text("".join(script))
    folders = {ENTRYKIT.parent, *(Path(under_test(name)).parent for name in ("haproxy", "nginx"))}
    environ = {"PATH": ":".join([*map(str, folders), "/usr/sbin:/usr/bin:/sbin:/bin"])}
    argv = [*UNSHARE, "--net", "bash", "-c", _WORLD, "bash", world, folder]

    done = subprocess.run(
        argv, env=environ, capture_output=True, text=True, timeout=120, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip

    assert shown, "no command on this page"
    assert done.returncode == 0, done.stderr
    for number, (command, said) in enumerate(shown):
        found = (world / f"said.{number}").read_text()
        assert (command, plain(found, folder)) == (command, plain(said, folder))


@pytest.mark.parametrize("page", PAGES)
def test_every_template_of_a_page_has_a_name_and_is_used(page):
    """So that it is tried."""
    everything = "".join(text for language, text in blocks(page) if language == "console")
    for language, text in blocks(page):
        if language == "jinja":
            named = _NAMED.match(text)
            assert named, text
            assert re.search(rf"\b{named[1].split('/')[0]}\b", everything)


def test_every_link_to_a_heading_of_these_pages_leads_somewhere():
    for page in PAGES:
        text = (DOCS / page).read_text()
        for target, anchor in re.findall(r"\]\(([\w./-]*)#([\w-]+)\)", text):
            other = (DOCS / (target or page)).read_text()
            headings = re.findall(r"^#+ (.*)$", other, re.MULTILINE)
            known = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
            assert anchor in known, f"{page}: {target}#{anchor}"
