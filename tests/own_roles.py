"""Roles of somebody else's, made for a test: each in a folder with a `role.py`."""

from __future__ import annotations

from programs import script

ROLE = '''"""A role for tests."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from entrykit.api import Check, Daemon, Files, Role, Settings, quote_haproxy, types


class OwnSettings(Settings):
    """What it can be told."""

    config_dir: types.Folder = Field(default="/etc/NAME", description="Its folder.")
    own_word: types.Line = Field(default="word", description="A word.")
    own_password: types.Secret | None = Field(default=None, description="A secret.")


ROLE: Final = Role(
    name="NAME",
    summary="a role for tests",
    settings=OwnSettings,
    files=Files(main="NAME.cfg", quoting={".cfg": quote_haproxy}),
    daemon=Daemon(names=["NAME-daemon"], run=["NAME-daemon"], reads=lambda _command, _main: True),
    check=Check(argv=["NAME-daemon", "check", "{main}"]),
)
'''
TEMPLATE = """{% block all %}
word {{ settings.own_word }}
{% if settings.own_password %}
password {{ settings.own_password }}
{% endif %}
{% endblock %}
"""
# It tells its words and its environment; a check is refused where the word is `bad`.
DAEMON = """
if [ "$1" = check ]; then
    if grep 'word bad' "$2"; then echo "bad word"; exit 3; fi
    exit 0
fi
echo "ran $*"
env
exit 7
"""


def own_role(folder, name="own", text=ROLE, template=TEMPLATE):
    """Write the folder of a role below `folder`, and return it."""
    made = folder / name
    (made / "templates").mkdir(parents=True)
    (made / "role.py").write_text(text.replace("NAME", name.replace("_", "-")))
    (made / "templates" / f"{name.replace('_', '-')}.cfg.j2").write_text(template)
    return made


def daemon(folder, name="own"):
    """Write its daemon, and return a PATH with it."""
    folder.mkdir(exist_ok=True)
    script(folder / f"{name}-daemon", DAEMON)
    return f"{folder}:/usr/bin:/bin"
