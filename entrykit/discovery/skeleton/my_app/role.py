"""The role my-app: nginx, which says a line to whoever may hear it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from entrykit.quoting.nginx import quote_nginx
from entrykit.role import Role
from entrykit.variables import types
from entrykit.variables.secret import Secret
from entrykit.variables.settings import Settings

Greeting = Annotated[str, types.text(forbid="$")]
Token = Annotated[
    Secret,
    types.secret(r"[A-Za-z0-9._~+/=-]{8,}", expected="8 or more of A-Z a-z 0-9 . _ ~ + / = -"),
]


class MyAppSettings(Settings):
    """What the role can be told: each field is a variable.

    `my_app_listen` is MY_APP_LISTEN.
    """

    config_dir: types.Folder = Field(
        default="/etc/nginx/my-app",
        description="Folder of nginx.conf; nginx's pid file and temporary files are there too.",
    )
    my_app_listen: types.HostPort = Field(
        default="0.0.0.0:8080",
        description="Address and port for HTTP.",
    )
    my_app_greeting: Greeting = Field(
        default="Hello from my-app",
        description="What is answered.",
    )
    my_app_token: Token | None = Field(
        default=None,
        description="What clients have to send as X-Token; nobody is asked for it unless set.",
    )
    my_app_extra_server: types.Snippet | None = Field(
        default=None,
        description="Raw lines at the end of the server.",
        examples=["add_header X-Served-By my-app;"],
    )

    def conflicts(self) -> Iterator[str]:
        """Yield what no value can be refused for alone."""
        if "$" in self.config_dir:
            yield "CONFIG_DIR: has a $, with which nginx begins a variable (expected none)"


def _command(settings: MyAppSettings) -> Sequence[str]:
    """Return the command of a container that is given none."""
    return ["nginx", "-c", f"{settings.config_dir}/nginx.conf", "-g", "daemon off;"]


def _without_entrypoint(command: Sequence[str]) -> Sequence[str]:
    """Return what the image's entrypoint would execute, where there is no entrypoint."""
    return command


def _check(folder: str) -> Sequence[str]:
    """Return the command that judges a folder; it must not change anything outside of it."""
    return ["nginx", "-t", "-e", "stderr", "-c", f"{folder}/nginx.conf"]


def _reads(command: Sequence[str], main: str) -> bool:
    """Return whether a command names our file; a start warns where it does not."""
    return main in command


ROLE: Final = Role(
    name="my-app",
    summary="nginx, which says a line",
    settings=MyAppSettings,
    templates=Path(__file__).with_name("templates"),
    main="nginx.conf",
    quotes={".conf": quote_nginx},
    daemon="nginx",
    entrypoint="/docker-entrypoint.sh",
    command=_command,
    bare=_without_entrypoint,
    check=_check,
    reads=_reads,
    traces=("nginx.pid",),
)
