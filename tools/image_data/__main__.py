"""What the Makefile and other tools ask of images/<name>/image.toml: `tools/image-data --help`."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator

from image_data.dockerfile import dockerfile
from image_data.listing import ROOT, ImageError, images, names, role_images


def packages() -> Iterator[str]:
    """List the Debian packages that tests need, as tools/debian-packages takes them."""
    for image in role_images().values():
        yield from (f"{package}={shows}" for package, shows in image.packages.items())


def bases(tag: str) -> Iterator[str]:
    """List the images that can be built for a tag, and what each is then built on."""
    for name, image in images().items():
        base = image.base.image if tag == "latest" else getattr(image.bases, tag)
        if base:
            yield f"{name} {base}"


def releases(suite: str) -> Iterator[str]:
    """Get each daemon of another Debian release, and tell the shell where they are."""
    for image in role_images().values():
        if image.releases:
            words = shlex.split(image.releases.command)
            if "{suite}" not in words:
                words.append("{suite}")
            argv = [word.replace("{suite}", suite) for word in words]
            done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
            yield f"export {image.releases.variable}={shlex.quote(done.stdout.strip())}"


def prepare() -> Iterator[str]:
    """Make ready what tests would otherwise make while they run side by side."""
    for image in role_images().values():
        for command in image.prepare:
            subprocess.run(shlex.split(command), cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    yield from ()


def gate() -> Iterator[str]:
    """List the tests that `make test` also runs with another release."""
    yield "images"
    for image in role_images().values():
        yield from image.releases.gate if image.releases else ()


def dockerfiles() -> Iterator[str]:
    """Write every Dockerfile, and list those that were not as they should be."""
    for name in names():
        path, text = ROOT / "images" / name / "Dockerfile", dockerfile(name)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            yield f"images/{name}/Dockerfile"


COMMANDS: dict[Callable[..., Iterator[str]], list[str]] = {
    packages: [],
    bases: ["tag"],
    releases: ["suite"],
    prepare: [],
    gate: [],
    dockerfiles: [],
}


def lines(argv: list[str]) -> Iterator[str]:
    """Call the function that a command line names."""
    parser = argparse.ArgumentParser(prog="tools/image-data", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for function, arguments in COMMANDS.items():
        command = commands.add_parser(function.__name__, help=function.__doc__)
        for argument in arguments:
            command.add_argument(argument)
    options = vars(parser.parse_args(argv))
    name = options.pop("command")
    (function,) = (each for each in COMMANDS if each.__name__ == name)
    yield from function(**options)


def main(argv: list[str]) -> None:
    """Print what was asked for, a line each."""
    try:
        for line in lines(argv):
            print(line)
    except ImageError as error:
        sys.exit(str(error))
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)  # it has reported why


if __name__ == "__main__":
    main(sys.argv[1:])
