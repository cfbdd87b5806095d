"""Warnings that the cases of roles are about; any other fails a test."""

from __future__ import annotations

from image_data.listing import role_images


def ignore_warnings(config):
    """Let through what images/<role>/image.toml names."""
    for image in role_images().values():
        for pattern in image.warnings:
            config.addinivalue_line("filterwarnings", f"ignore:{pattern}")
