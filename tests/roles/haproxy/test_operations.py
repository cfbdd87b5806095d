"""What operators see: health, statistics, metrics, the admin socket."""

from __future__ import annotations

import stat
from base64 import b64encode

import pytest
from haproxy.admin import told
from haproxy.client import ask, connect, written
from haproxy.ports import free_port

pytestmark = pytest.mark.versions

PASSWORD = """p'a"s\\s$HOME ${X} #{%[src]} :;|é\\'"""


@pytest.fixture(scope="module")
def operated(shared_edge, authority, web):
    """With all that can be asked for, and on another address than the health endpoint."""
    return shared_edge(
        DOMAINS=web.serves("one.test"),
        BIND="127.0.0.2",
        STATS_PORT=str(free_port()),
        STATS_USER="o'perator",
        STATS_PASSWORD=PASSWORD,
        METRICS_PORT=str(free_port()),
        ADMIN_SOCKET="run/admin.sock",
        certificates=[authority.pem("one.test")],
    )


def asked(edge, name, path="/", address="127.0.0.2", headers=()):
    with edge.connect(name, address=address) as connection:
        return ask(connection, written("localhost", path, headers=headers))


def basic(user, password):
    return [("Authorization", f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}")]


def test_the_health_endpoint_is_on_loopback_only(operated):
    """BIND does not move it."""
    assert asked(operated, "HEALTH", "/healthz", "127.0.0.1").status == 200
    with pytest.raises(ConnectionRefusedError):
        asked(operated, "HEALTH", "/healthz", "127.0.0.2")


def test_the_health_endpoint_says_nothing_else(operated):
    assert asked(operated, "HEALTH", "/", "127.0.0.1").status == 503


def test_bind_is_where_it_listens(operated):
    assert operated.http("one.test", address="127.0.0.2").status == 301
    with pytest.raises(ConnectionRefusedError):
        operated.http("one.test")


@pytest.mark.parametrize(
    "headers",
    [
        (),
        basic("o'perator", "wrong"),
        basic("o'perator", ""),
        basic("o'perator", PASSWORD[:-1]),
        basic("admin", PASSWORD),
    ],
)
def test_statistics_want_the_password(operated, headers):
    assert asked(operated, "STATS", headers=headers).status == 401


def test_statistics_are_shown_for_the_password(operated, web):
    """Every character of it means itself."""
    answer = asked(operated, "STATS", "/;csv", headers=basic("o'perator", PASSWORD))

    assert answer.status == 200
    assert web.address in answer.body.decode()


def test_the_password_is_not_left_in_the_environment(operated):
    """The daemon does not need it: it has its file."""
    with open(f"/proc/{operated.pid}/environ", "rb") as environ:
        assert b"STATS_PASSWORD" not in environ.read()


def test_statistics_without_a_password_are_on_loopback_only(edge, web):
    served = edge(DOMAINS=web.serves("one.test"), BIND="127.0.0.2", STATS_PORT=str(free_port()))

    assert asked(served, "STATS", address="127.0.0.1").status == 200
    with pytest.raises(ConnectionRefusedError):
        asked(served, "STATS", address="127.0.0.2")


def test_metrics_are_for_prometheus(operated):
    answer = asked(operated, "METRICS", "/metrics")

    assert "haproxy_process_uptime_seconds" in answer.body.decode()
    assert asked(operated, "METRICS", "/").status == 404


def test_nothing_of_this_is_there_unless_told(edge, web):
    served = edge(DOMAINS=web.serves("one.test"))
    lines = (served.config / "haproxy.cfg").read_text().split("\n")

    sections = [line for line in lines if line.startswith("frontend ")]
    assert sections == ["frontend http", "frontend https", "frontend health"]
    assert not [line for line in lines if "stats " in line or "prometheus" in line]


def test_the_admin_socket_is_for_its_owner_only(operated):
    mode = (operated.folder / "run" / "admin.sock").stat().st_mode

    assert stat.filemode(mode) == "srw-------"
    assert "Version: " in told(operated, "show info")


def test_a_certificate_is_renewed_over_the_admin_socket(operated, authority):
    """With no reload: the next connection sees it."""
    name = "tls/0.pem"
    assert operated.https("one.test", address="127.0.0.2").certificate == ("one.test",)

    new = authority.pem("one.test", "new.test").decode()
    assert "Transaction created" in told(operated, f"set ssl cert {name} <<\n{new}")
    assert "Success" in told(operated, f"commit ssl cert {name}")

    assert operated.https("one.test", address="127.0.0.2").certificate == ("one.test", "new.test")


def test_it_listens_on_each_address_of_bind(edge, web):
    served = edge(DOMAINS=web.serves("one.test"), BIND="127.0.0.1,[::1]")

    assert served.http("one.test").status == 301
    assert served.http("one.test", address="::1").status == 301
    with pytest.raises(ConnectionRefusedError):
        connect(served.port("HTTP"), "127.0.0.2")


def test_a_graceful_stop_finishes_what_has_begun(edge, web, authority):
    """SIGUSR1, as `docker stop` sends it in the official image; nothing new is accepted."""
    served = edge(DOMAINS=web.serves("one.test"), certificates=[authority.pem("one.test")])
    with served.tls("one.test") as connection:
        assert ask(connection, written("one.test")).app == "web"
        served.signal("USR1")

    assert served.ended() == 0
