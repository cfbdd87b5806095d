"""The tables of docs/images.md, a row for each image."""

from __future__ import annotations

from pathlib import Path

from image_data.listing import ROOT, images, role_images
from image_data.model import Image, RoleImage


def what_each_is(root: Path = ROOT) -> str:
    """Return the table of what is in the images."""
    rows = [
        "| Image | on | user | stops by | ports | volumes | added directories |",
        "|---|---|---|---|---|---|---|",
        *(_row(f"`{name}`", *_cells(image)) for name, image in images(root).items()),
    ]
    return "\n".join(rows) + "\n"


def what_each_needs(root: Path = ROOT) -> str:
    """Return the table of what an image needs with all else taken away."""
    rows = [
        "| Image | writable directory | capabilities as root | as another user |",
        "|---|---|---|---|",
        *(
            _row(
                f"`{name}`",
                image.page.writable,
                ", ".join(image.daemon.capabilities) or "none",
                "none",
            )
            for name, image in role_images(root).items()
        ),
    ]
    return "\n".join(rows) + "\n"


def base(image: Image) -> str:
    """Return the base as people call it."""
    return image.base.image.removeprefix("docker.io/").removeprefix("library/")


def stop_signal(image: Image) -> str:
    """Return what a container is stopped by; SIGTERM by default."""
    default = "SIGTERM" if isinstance(image, RoleImage) else ""
    return image.own.stopsignal or image.base.stopsignal or default


def _cells(image: Image) -> list[str]:
    return [
        f"`{base(image)}`",
        image.page.user,
        stop_signal(image),
        ", ".join(image.base.ports + image.own.ports),
        _code(image.base.volumes),
        _code(image.page.folders),
    ]


def _code(paths: list[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)


def _row(*cells: str) -> str:
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"
