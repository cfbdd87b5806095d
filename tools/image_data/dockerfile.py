"""images/<name>/Dockerfile, from images/Dockerfile.j2 and the image's data."""

from __future__ import annotations

import json
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from image_data.listing import ROOT, is_role, load

# With the base's libc; a stand-in for another base comes with its own (tools/images).
PYTHON = {
    "glibc": "docker.io/library/python:3.13-slim-bookworm",
    "musl": "docker.io/library/python:3.13-alpine",
}


def dockerfile(name: str, root: Path = ROOT) -> str:
    """Render an image's Dockerfile."""
    engine = Environment(
        loader=FileSystemLoader(root / "images"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    engine.filters["json"] = json.dumps
    image = load(name, root)
    role = name if is_role(name, root) else None
    context = {"name": name, "role": role, "version": version(root), "python": PYTHON}
    return str(engine.get_template("Dockerfile.j2").render(context, image=image))


def version(root: Path = ROOT) -> str:
    """Return the version of entrykit, which is the images'."""
    text = (root / "entrykit" / "__init__.py").read_text()
    (found,) = re.findall(r'^__version__.*"(.*)"', text, re.MULTILINE)
    return found
