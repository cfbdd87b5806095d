"""HTTP/3, where the build of HAProxy has QUIC."""

from __future__ import annotations

import json
import os
import socket
import subprocess

import pytest

pytestmark = pytest.mark.versions

VERSION_1 = b"\0\0\0\1"


@pytest.fixture(scope="module")
def has_quic(search_path):
    said = subprocess.run(
        ["haproxy", "-vv"], env={"PATH": search_path}, capture_output=True, text=True, check=True
    )
    return " +QUIC " in said.stdout


def versions_spoken(port):
    """Ask for a version that nobody has; the answer names those that are spoken.

    RFC 9000, 6 and 17.2.1: a packet of 1200 bytes gets a Version Negotiation packet.
    """
    packet = b"\xc0\x1a\x2a\x3a\x4a" + b"\x08" + os.urandom(8) + b"\x08" + os.urandom(8)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.connect(("127.0.0.1", port))
        client.send(packet.ljust(1200, b"\0"))
        answer = client.recv(2048)
    assert answer[1:5] == b"\0\0\0\0"
    return [answer[place : place + 4] for place in range(23, len(answer), 4)]


@pytest.mark.parametrize("passthrough", [False, True])
def test_http_3_is_served_or_refused_clearly(edge, authority, web, has_quic, passthrough):
    apps = [web.described("one.test")]
    if passthrough:
        apps.append(("127.0.0.9", {"domains": ["vault.test"], "tls": "passthrough"}))
    made = edge.made(
        DOMAINS=json.dumps(dict(apps)),
        HTTP3="on",
        PUBLIC_HTTPS_PORT="8443",
        certificates=[authority.pem("one.test")],
    )
    if has_quic:
        served = made.start()
        assert VERSION_1 in versions_spoken(served.port("HTTPS"))
        assert served.https("one.test").headers["Alt-Svc"] == 'h3=":8443"; ma=86400'
    else:
        made.launch()
        assert made.ended() == 65
        assert "HTTP3: this HAProxy is built without QUIC" in made.said


def test_http_3_is_off_unless_told(edge, authority, web):
    served = edge(DOMAINS=web.serves("one.test"), certificates=[authority.pem("one.test")])

    assert "Alt-Svc" not in served.https("one.test").headers
    with pytest.raises(ConnectionRefusedError):
        versions_spoken(served.port("HTTPS"))
