"""Commands for docker and podman are not run with the pages, but their words are known.

tests/containers runs the images; here each `run` is read as an engine would.
"""

from __future__ import annotations

import re
import shlex

import pytest
from pages import PAGES, ROOT, blocks

from entrykit.discovery.finder import load_role, role_names
from entrykit.variables.env_files import overlay
from entrykit.verb_table import VERBS

# Options of `docker run` (its manual) that take a value, and those that do not.
_VALUED = {
    "--add-host", "--cap-add", "--cap-drop", "--cpus", "--entrypoint", "--env", "--env-file",
    "--group-add", "--hostname", "--memory", "--name", "--network", "--publish", "--restart",
    "--secret", "--security-opt", "--shm-size", "--stop-signal", "--stop-timeout", "--sysctl",
    "--tmpfs", "--ulimit", "--user", "--volume", "--volumes-from", "--mount", "-e", "-p",
    "-u", "-v",
}  # fmt: skip
_PLAIN = {"--detach", "--init", "--interactive", "--read-only", "--rm", "--tty", "-d", "-i", "-it"}
EVERY = ["../README.md", *PAGES]
_OURS = {path.parent.name for path in ROOT.glob("images/*/Dockerfile")}
_BASES = {
    found.partition(":")[0]
    for path in ROOT.glob("images/*/Dockerfile")
    for found in re.findall(
        r"^ARG \w+=docker\.io/(?:library/)?(.*)$", path.read_text(), re.MULTILINE
    )
}


# What pages call images that their reader builds.
_CALLED = {"edge": "haproxy", "sites": "nginx-static", "hub": "cf-serverd"}


def runs():
    """Each `docker run` of the pages, with the page."""
    for page in EVERY:
        for block in blocks(page, "console"):
            for number, command in enumerate(block.engines):
                words = shlex.split(command.replace("\\\n", " "), comments=True)
                if words[1:2] == ["run"] and words[0] in {"docker", "podman"}:
                    yield pytest.param(page, words[2:], id=f"{page}-{block.start}-{number}")


def parted(words):
    """The options of a `run` with their values, the image, and the words after it."""
    options, rest = [], list(words)
    while rest and rest[0].startswith("-"):
        name, given, value = rest.pop(0).partition("=")
        assert name in _VALUED | _PLAIN, f"{name}: no option of `run` that is known here"
        options.append((name, value if given else rest.pop(0) if name in _VALUED else ""))
    assert rest, "no image"
    return options, rest[0], rest[1:]


def role_of(image, page):
    """The role of an image; None for one that has none, or that is somebody else's."""
    name = image.partition(":")[0].removeprefix("localhost/")
    if name.startswith("entrykit/"):
        ours = name.removeprefix("entrykit/")
        assert ours in _OURS, f"{image}: no folder of images/"
        return ours if ours in role_names() else None
    if name == "IMAGE":
        return page.removesuffix(".md")
    assert name in _CALLED.keys() | _BASES, f"{image}: neither ours nor a base of ours"
    return _CALLED.get(name)


@pytest.mark.parametrize(("page", "words"), list(runs()))
def test_options_image_and_variables_are_known(page, words, tmp_path):
    """The variables are taken by the role of the image, or of the page, without a warning."""
    options, image, command = parted(words)
    role = role_of(image, page)
    given = [value for option, value in options if option in {"-e", "--env"}]
    if role is None or (command and not command[0].startswith("-")):
        return  # what the command makes of variables is not ours to say

    files = [str(tmp_path / value) for option, value in options if option == "--env-file"]
    for block in blocks(page, "dotenv"):
        if named := re.match(r"# ([\w.-]+\.env)\n", block.text):
            (tmp_path / named[1]).write_text(block.text)
    warnings: list[str] = []
    load_role(role).settings.from_environ(overlay({}, files, given), warnings.append)

    assert warnings == []


def executed():
    """The words of each command of ours that an engine is to run, with the page."""
    for page in EVERY:
        text = "".join(block.text for block in blocks(page, "console")).replace("\\\n", " ")
        for found in re.findall(r"^\$ (?:docker|podman) .* (entrykit .*)$", text, re.MULTILINE):
            yield pytest.param(found.split()[1:], id=f"{page}-{found}")


@pytest.mark.parametrize("words", list(executed()))
def test_a_command_of_ours_within_is_one(words):
    assert words[0] in {*VERBS, *role_names()}
    assert words[0] in role_names() or words[0] == "roles" or words[1] in role_names()
