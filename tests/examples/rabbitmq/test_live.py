"""examples/rabbitmq with the real server: the variables that the official image dropped work."""

from __future__ import annotations

import json
import os
import ssl
import urllib.error
import urllib.request
from base64 import b64encode

import pika.exceptions
import pytest
import trustme
from haproxy.polling import eventually
from rabbitmq.brokers import ADMIN, APP, Broker, client_context, processes_below, seen_of


@pytest.fixture(scope="module")
def broker(tmp_path_factory, evidence):
    made = Broker(tmp_path_factory.mktemp("broker"))
    with made.names():
        evidence.append(lambda: ((path.name, path.read_text()) for path in logs(made)))
        yield made
        evidence.pop()


def logs(broker):
    return sorted(broker.folder.glob("*.said"))


@pytest.fixture(scope="module")
def running(broker, variables):
    with broker.running(variables, broker.folder / "first.said") as running:
        yield running


def refused(broker, *login, **how):
    with pytest.raises(pika.exceptions.AMQPConnectionError):
        broker.connect(*login, **how)


@pytest.mark.usefixtures("running")
def test_the_password_of_a_file_logs_in_and_no_other_does(broker):
    broker.connect("admin", ADMIN).close()
    refused(broker, "admin", ADMIN.partition("#")[0])
    refused(broker, "admin", "")
    refused(broker, "guest", "guest")


@pytest.mark.usefixtures("running")
def test_users_have_the_permissions_that_they_were_given_and_no_more(broker):
    with broker.connect("admin", ADMIN) as connection:
        connection.channel().queue_declare("app.queue")
    with broker.connect("app", APP) as connection:
        connection.channel().basic_publish("", "app.queue", b"hello")
        _, _, body = connection.channel().basic_get("app.queue", auto_ack=True)
        assert body == b"hello"
        with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="ACCESS_REFUSED"):
            connection.channel().queue_declare("app.other")
    refused(broker, "watch", "watch-made-up")


@pytest.mark.usefixtures("running")
def test_tls_is_served_to_clients_with_a_certificate_of_the_ca(broker, ca):
    """As the image had it: with CAs, and nothing else said, clients are verified."""
    known = client_context(ca, ca.issue_cert("client.test"))
    broker.connect("app", APP, context=known).close()

    refused(broker, "app", APP, context=client_context(ca))
    strange = trustme.CA().issue_cert("client.test")
    refused(broker, "app", APP, context=client_context(ca, strange))
    with pytest.raises(ssl.SSLCertVerificationError):
        broker.connect("app", APP, context=client_context(trustme.CA()))


@pytest.mark.usefixtures("running")
def test_the_management_plugin_has_tls_as_well_and_the_same_users(broker, ca):
    def asked(user, password):
        url = f"https://localhost:{broker.management_port}/api/nodes"
        word = b64encode(f"{user}:{password}".encode()).decode()
        request = urllib.request.Request(url, headers={"Authorization": f"Basic {word}"})
        with urllib.request.urlopen(request, context=client_context(ca), timeout=30) as answer:
            return json.load(answer)

    # Statistics come some seconds after the start.
    limit = eventually(lambda: asked("watch", "watch-made-up")[0].get("mem_limit"), 60)
    assert limit == 768 << 20
    with pytest.raises(urllib.error.HTTPError, match="401"):
        asked("watch", "wrong")


def test_no_secret_is_in_an_environment_on_a_command_line_or_in_a_log(running, broker):
    secrets = [ADMIN, APP, "watch-made-up"]
    seen = b"".join(map(seen_of, processes_below(running.pid)))

    assert b"beam.smp" in seen
    said = running.log.read_bytes()
    assert [text for text in secrets if text.encode() in seen + said] == []
    for path in (broker.folder / "conf.d").iterdir():
        assert not any(text in path.read_text() for text in secrets)
    definitions = broker.folder / "conf.d" / "entrykit-definitions.json"
    assert definitions.stat().st_mode & 0o777 == 0o640
    if os.geteuid() == 0:  # the official entrypoint then changes to this user
        assert definitions.group() == "rabbitmq"


def test_sigterm_ends_it_with_0_and_the_next_start_has_another_password_in_force(tmp_path):
    """With the same data: what an image's own variable would not do."""
    broker = Broker(tmp_path)
    with broker.names():
        with broker.running({"RABBITMQ_DEFAULT_PASS": "first"}, tmp_path / "1.said") as running:
            broker.connect("guest", "first").close()
            running.process.terminate()
            assert running.ended() == 0
        with broker.running({"RABBITMQ_DEFAULT_PASS": "second"}, tmp_path / "2.said"):
            broker.connect("guest", "second").close()
            refused(broker, "guest", "first")
