"""The keys of image.toml: every table is closed, and a value is of its type or refused."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Text = Annotated[str, StringConstraints(min_length=1)]
Signal = Annotated[str, StringConstraints(pattern=r"^SIG[A-Z0-9]+$")]
Port = Annotated[str, StringConstraints(pattern=r"^[0-9]+(/udp)?$")]
Path = Annotated[str, StringConstraints(pattern=r"^/")]
Environ = dict[str, str]


class Table(BaseModel):
    """One table of the file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Config(Table):
    """What an image declares, in the Dockerfile's words."""

    user: Text | None = None
    volumes: list[Path] = []
    workdir: Path | None = None
    stopsignal: Signal | None = None
    ports: list[Port] = []
    command: list[str] | None = None


class Base(Config):
    """The image below, and what is repeated of it: a test compares that.

    Attributes:
        image: pinned by its tag.
        libc: that of the Python which the layer is made of.
        user: the base's. Where it is given, the build is root's all the same.
    """

    image: Text
    libc: Literal["glibc", "musl"]


class OtherBases(Table):
    """What `tools/images --alpine` and `--bookworm` build on; without, they leave the image out."""

    alpine: Text | None = None
    bookworm: Text | None = None


class Volume(Table):
    """A directory that the base declares as a volume, made before it is copied there."""

    path: Path
    owner: Text


class Package(Table):
    """A Debian package that the image is made of, where there is no official image.

    Attributes:
        name: of the package, a build argument.
        version: as apt takes it, a build argument.
        source: what files of another source and its key are called.
        clean: what the package leaves that no image should have.
        try_with: the command that shows that it runs.
    """

    name: Text
    version: Text
    source: Text
    clean: list[Path]
    try_with: Text


class Health(Table):
    """HEALTHCHECK."""

    interval: Text
    command: Text


class Page(Table):
    """The image's cells in the tables of docs/images.md that nothing else here says.

    Attributes:
        user: who runs what.
        folders: added ones.
        writable: what has to be, on a read-only root.
    """

    user: Text
    folders: list[Path] = []
    writable: str = ""


class Releases(Table):
    """How the daemon of another Debian release is had, for `make test-versions`.

    Attributes:
        variable: that names the daemon under test.
        command: prints its path; the release is its last word, or where `{suite}` is.
        gate: tests, beside the cases, that `make test` runs with another release.
    """

    variable: Text
    command: Text
    gate: list[Text] = []


class Slow(Table):
    """A request that keeps the daemon busy until the rest is sent, or read.

    Attributes:
        method: GET reads a long answer, others send a body of four bytes in two parts.
        path: what is asked; what is added to where `begin` leads.
        begin: a path that is sent a POST first, and tells where to go.
        status: of the answer.
        length: of its body.
    """

    method: Text = "GET"
    path: Text
    begin: Path | None = None
    status: int
    length: int


class Serves(Table):
    """How an image that speaks HTTP is run and asked.

    Attributes:
        environ: variables that make it serve.
        volumes: path to what is there: `site` has the files of example.com, `empty` nothing.
        port: where it serves in the container.
        request: the path that is asked for; the answer has 200.
        body: what the answer ends with.
        reload: the signal, where the daemon knows one.
        slow: what it is busy with when it is asked to stop.
        base_command: with which the base runs with the same files.
        elsewhere: variables that move the place of health to port 8500.
    """

    environ: Environ
    volumes: dict[Path, Literal["site", "empty"]] = {}
    port: int
    request: Path
    body: Text
    reload: Signal | None = None
    slow: Slow
    base_command: list[str] = []
    elsewhere: Environ


class Container(Table):
    """What the tests of tests/containers run an image with.

    Attributes:
        user: the image's own, or the one that its directories are for.
        uid: its number.
        options: of every run.
        scratch: the one directory that has to be writable.
        bad: variables that are wrong.
        new_volume: options that start it on volumes which no one has prepared.
        serves: of those that answer HTTP.
    """

    user: Text
    uid: Text
    options: list[str] = []
    scratch: Path
    bad: Environ
    new_volume: list[str] | None = None
    serves: Serves | None = None


class Daemon(Table):
    """The daemon that tests run.

    Attributes:
        name: the word on the command line.
        also: other names that its program may have on this host.
        version: the word that asks for the version.
        asks: others that are only a question about the daemon itself.
        capabilities: that it needs as root.
    """

    name: Text
    also: list[Text] = []
    version: Text
    asks: list[Text]
    capabilities: list[Text] = []


class Blocks(Table):
    """The blocks of the role's templates.

    Attributes:
        sections: how its files mark sections: by `lines` at the margin, by `braces`, or `none`.
        environ: variables that together use every block.
    """

    sections: Literal["lines", "braces", "none"]
    environ: list[Environ]


class Image(Table):
    """An image.

    Attributes:
        title: what it is; the Dockerfile begins with it.
        description: a label.
        setup: commands of its build, as root.
    """

    title: Text
    description: Text
    base: Base
    bases: OtherBases = OtherBases()
    volume: Volume | None = None
    package: Package | None = None
    setup: list[Text]
    own: Config
    page: Page


class RoleImage(Image):
    """The image of a role, which has its name.

    Attributes:
        trial: variables that the build's last command checks the role with.
        service: arguments of `podman run`, for the labels.
        packages: Debian's, that tests need: name to the program or the path that shows it is there.
        prepare: commands that make ready what tests would make while they run side by side.
        warnings: patterns of warnings that its cases are about.
    """

    trial: Environ
    health: Health
    service: Text
    packages: Environ
    prepare: list[Text] = []
    warnings: list[Text] = []
    daemon: Daemon
    releases: Releases | None = None
    blocks: Blocks
    container: Container
