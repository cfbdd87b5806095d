"""What the console blocks of the pages show is what comes out, in the order of each page.

UPDATE_CASES=1 writes what comes out in place of comparing it: read the diff before you commit.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from contextlib import chdir, suppress

import pytest
from namespaces import UNSHARE
from pages import DOCS, PAGES, blocks
from programs import ENTRYKIT, folders_under_test

from entrykit.cli.main import main
from entrykit.verb_table import VERBS

RUN = [page for page in PAGES if any(block.runs for block in blocks(page))]
UPDATE = os.environ.get("UPDATE_CASES") == "1"
_NAMED = re.compile(r"(?:\{# |# )([\w./-]+\.(?:j2|env))(?: #\})?\n")
_INLINE = re.compile(rf"`(entrykit (?:{'|'.join(VERBS)}) [^`…]+)`")
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


def steady(said, folder):
    """Without what differs from run to run: how long it took, and where."""
    told = re.sub(r"after \d+\.\d s", "after 0.0 s", said.replace(str(folder), "/app"))
    told = re.sub(r"/tmp/entrykit-\w{8}/", "/tmp/entrykit-abcdefgh/", told)
    told = re.sub(r"(passed) in \d+\.\d+s", r"\1 in 0.00s", told)
    told = re.sub(r"(in nginx.conf):\d+", r"\1:98", told)  # some lines are for some machines
    return re.sub(r"[\d/]{10} [\d:]{8} (\[\w+\]) \d+#\d+", r"2026/01/02 03:04:05 \1 7#7", told)


def plain(said, folder):
    """The lines, those of several waits in one order: they come as they come."""
    lines = steady(said, folder).splitlines()
    return sorted(lines) if any("waiting for" in line for line in lines) else lines


def written(page, folder):
    """Write the files that a page shows by their names: templates and variables."""
    folder.mkdir(exist_ok=True)
    for block in blocks(page):
        if block.language in {"jinja", "dotenv"} and (named := _NAMED.match(block.text)):
            path = folder / named[1]
            path.parent.mkdir(exist_ok=True)
            path.write_text(block.text)


def ran(page, folder, world):
    """Run the commands of a page, and return for each where it is, what is shown, what came."""
    written(page, folder)
    world.mkdir()
    shown = [pair for block in blocks(page) if block.runs for pair in block.commands]
    lines = [
        f"{{ {command}\n}} > {shlex.quote(str(world))}/said.{number} 2>&1\n"
        for number, (command, _) in enumerate(shown)
    ]
    (world / "commands").write_text("".join(lines))
    folders = ":".join(map(str, [ENTRYKIT.parent, *folders_under_test()]))
    environ = {"PATH": f"{folders}:/usr/sbin:/usr/bin:/sbin:/bin", "COLUMNS": "80"}
    argv = [*UNSHARE, "--net", "bash", "-c", _WORLD, "bash", world, folder]

    done = subprocess.run(
        argv, env=environ, capture_output=True, text=True, timeout=120, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    return [(*pair, (world / f"said.{number}").read_text()) for number, pair in enumerate(shown)]


def renewed(page, results, folder):
    """The page with what came out in the place of what it shows, where that is not the same."""
    text, told, end = (DOCS / page).read_text(), iter(results), 0
    pieces = []
    for block in filter(lambda block: block.runs, blocks(page)):
        pieces.append(text[end : block.start])
        for command, said, found in (next(told) for _ in block.commands):
            same = plain(said, folder) == plain(found, folder)
            pieces.append(f"$ {command}\n{said if same else steady(found, folder)}")
        end = block.start + len(block.text)
    return "".join([*pieces, text[end:]])


@pytest.mark.parametrize("page", RUN)
def test_the_commands_of_a_page_say_what_it_shows(page, tmp_path):
    """With the files that the page shows, and the hosts that it speaks of."""
    folder = tmp_path / "app"
    results = ran(page, folder, tmp_path / "world")
    if UPDATE:
        (DOCS / page).write_text(renewed(page, results, folder))
        return

    for command, said, found in results:
        assert (command, plain(found, folder)) == (command, plain(said, folder))


@pytest.mark.parametrize("page", RUN)
def test_every_template_of_a_page_has_a_name_and_is_used(page):
    """So that it is tried."""
    everything = "".join(block.text for block in blocks(page, "console"))
    for block in blocks(page, "jinja"):
        named = _NAMED.match(block.text)
        assert named, block.text
        assert re.search(rf"\b{named[1].split('/')[0]}\b", everything)


@pytest.mark.parametrize("page", PAGES)
def test_every_console_block_is_run_or_says_why_not(page):
    """By an engine's name in it, by the prompt of another machine, or by a comment above it."""
    for block in blocks(page, "console"):
        assert re.search(r"^\w*\$ ", block.text, re.MULTILINE), f"no prompt in {block.text}"


def inline():
    """The commands within the text of pages that are whole: no …, no word that stands for one."""
    for page in PAGES:
        found = set(_INLINE.findall((DOCS / page).read_text()))
        whole = (each for each in found if not re.search(r"\b(?:ROLE|VARIABLE|FILE|X)\b", each))
        yield from (pytest.param(page, each, id=f"{page}-{each}") for each in sorted(whole))


@pytest.mark.parametrize(("page", "command"), list(inline()))
def test_every_command_in_the_text_is_understood(page, command, tmp_path, capsys):
    """Its verb and its options are there; whatever becomes of it."""
    written(page, tmp_path)
    (tmp_path / "prod.env").touch()
    with chdir(tmp_path), suppress(SystemExit):  # --help
        main(shlex.split(command), {"DOMAINS": "web:example.com"})

    assert not re.search("unrecognized|invalid choice", capsys.readouterr().err)
