"""Commands for docker and podman are not run with the pages, but their words are known.

tests/containers runs the images; here each `run` is read as an engine would.
"""

from __future__ import annotations

import re
import shlex

import pytest
from pages import PAGES, ROOT, blocks

from entrykit.environ import overlay
from entrykit.role import load_role, role_names

# Options of `docker run` (its manual) that take a value, and those that do not.
_VALUED = {
    "--add-host", "--cap-add", "--cap-drop", "--cpus", "--entrypoint", "--env", "--env-file",
    "--group-add", "--hostname", "--memory", "--name", "--network", "--publish", "--restart",
    "--secret", "--security-opt", "--shm-size", "--stop-signal", "--stop-timeout", "--sysctl",
    "--tmpfs", "--ulimit", "--user", "--volume", "--volumes-from", "--mount", "-e", "-p",
    "-u", "-v",
}  # fmt: skip
_PLAIN = {"--detach", "--init", "--interactive", "--read-only", "--rm", "--tty", "-d", "-i", "-it"}
_OURS = {path.parent.name for path in ROOT.glob("images/*/Dockerfile")}
_BASES = {
    found.partition(":")[0]
    for path in ROOT.glob("images/*/Dockerfile")
    for found in re.findall(
        r"^ARG \w+=docker\.io/(?:library/)?(.*)$", path.read_text(), re.MULTILINE
    )
}


def runs():
    """Each `docker run` of the pages, with the page, and the folder of files that it shows."""
    for page in PAGES:
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


def built(page):
    """The names that a page builds images by, beside one that is for the reader to choose."""
    text = "".join(block.text for block in blocks(page, "console"))
    return {*re.findall(r"build .*?-t (\S+)", text), "IMAGE"}


@pytest.mark.parametrize(("page", "words"), list(runs()))
def test_options_image_and_variables_are_known(page, words, tmp_path):
    """The variables are taken by the role of the image, or of the page, without a warning."""
    options, image, command = parted(words)
    name = image.partition(":")[0]
    ours = name.removeprefix("entrykit/") if name.startswith("entrykit/") else None
    stem = page.removesuffix(".md")
    assert ours in _OURS if ours else name in _BASES | built(page) | {"edge", "sites"}, image
    role = next((each for each in (ours, stem) if each in role_names()), None)
    given = [value for option, value in options if option in {"-e", "--env"}]
    if role is None or (command and not command[0].startswith("-")):
        assert ours == "entrykit" or not given
        return

    files = [tmp_path / value for option, value in options if option == "--env-file"]
    for block in blocks(page, "dotenv"):
        if named := re.match(r"# ([\w.-]+\.env)\n", block.text):
            (tmp_path / named[1]).write_text(block.text)
    warnings: list[str] = []
    settings = load_role(role).settings.from_environ(
        overlay({}, [str(file) for file in files], given), warnings.append
    )

    assert warnings == []
    assert settings.config_dir
