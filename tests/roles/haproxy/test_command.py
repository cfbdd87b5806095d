"""What becomes of the words that a container of HAProxy is given."""

from __future__ import annotations

import pytest

from entrykit.daemon.handover import upstream_command
from entrykit.discovery.finder import load_role

ROLE = load_role("haproxy")
CMD = ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]


def executed(command, **environ):
    """The last words of what is executed, whatever the entrypoint adds before them."""
    settings = ROLE.settings.from_environ({"DOMAINS": "web:example.com", **environ}, print)
    return upstream_command(ROLE, settings, command)[-2:]


def test_the_images_cmd_reads_our_file_wherever_it_is():
    """Nobody has typed it; it comes with every container."""
    assert executed(CMD, CONFIG_DIR="/conf") == ["-f", "/conf/haproxy.cfg"]


@pytest.mark.parametrize(
    "command",
    [["haproxy", "-f", "/mine/haproxy.cfg"], [*CMD, "-d"], ["-f", CMD[-1]]],
)
def test_what_a_person_has_typed_stays(command):
    assert executed(command, CONFIG_DIR="/conf") == command[-2:]
