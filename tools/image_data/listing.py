"""Which images there are: the directories of images/ that have an image.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from image_data.model import Image, RoleImage

ROOT = Path(__file__).resolve().parents[2]


class ImageError(Exception):
    """A file that is wrong, with the key."""


def names(root: Path = ROOT) -> list[str]:
    """Return the names of all images."""
    return sorted(path.parent.name for path in root.glob("images/*/image.toml"))


def load(name: str, root: Path = ROOT) -> Image:
    """Read one image's file.

    Raises:
        ImageError: it is not TOML, or has a key too many, too few, or with a wrong value.
    """
    path = root / "images" / name / "image.toml"
    kind = RoleImage if is_role(name, root) else Image
    try:
        return kind.model_validate(tomllib.loads(path.read_text()))
    except tomllib.TOMLDecodeError as error:
        raise ImageError(f"images/{name}/image.toml: {error}") from None
    except ValidationError as error:
        lines = [f"images/{name}/image.toml: {each}" for each in _reasons(error)]
        raise ImageError("\n".join(lines)) from None


def is_role(name: str, root: Path = ROOT) -> bool:
    """Tell whether an image is a role's: they have the same name."""
    return (root / "entrykit" / "roles" / name.replace("-", "_")).is_dir()


def images(root: Path = ROOT) -> dict[str, Image]:
    """Read all images."""
    return {name: load(name, root) for name in names(root)}


@cache
def role_images(root: Path = ROOT) -> dict[str, RoleImage]:
    """Read the images that have a role."""
    found = images(root).items()
    return {name: image for name, image in found if isinstance(image, RoleImage)}


def _reasons(error: ValidationError) -> list[str]:
    return [
        f"{'.'.join(map(str, each['loc']))}: {_REASONS.get(each['type'], each['msg'])}"
        for each in error.errors()
    ]


_REASONS = {"missing": "missing", "extra_forbidden": "unknown key"}
