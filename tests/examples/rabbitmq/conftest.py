"""Certificates and secrets for RabbitMQ, and a home for it."""

from __future__ import annotations

import json

import pytest
import trustme
from rabbitmq.brokers import ADMIN, USERS, Broker


@pytest.fixture(scope="session")
def ca():
    return trustme.CA()


@pytest.fixture(scope="session")
def certificates(ca, tmp_path_factory):
    """Variables that name PEM files of a certificate for localhost."""
    folder = tmp_path_factory.mktemp("certs")
    issued = ca.issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(folder / "server.pem")
    issued.private_key_pem.write_to_path(folder / "server.key")
    ca.cert_pem.write_to_path(folder / "ca.pem")
    return {
        "RABBITMQ_SSL_CERTFILE": str(folder / "server.pem"),
        "RABBITMQ_SSL_KEYFILE": str(folder / "server.key"),
        "RABBITMQ_SSL_CACERTFILE": str(folder / "ca.pem"),
    }


@pytest.fixture(scope="session")
def variables(certificates, tmp_path_factory):
    """All that the image once took, the password from a file."""
    path = tmp_path_factory.mktemp("secrets") / "password"
    path.write_text(f"{ADMIN}\n")
    return {
        "RABBITMQ_DEFAULT_USER": "admin", "RABBITMQ_DEFAULT_PASS_FILE": str(path),
        "RABBITMQ_USERS": json.dumps(USERS), "RABBITMQ_VM_MEMORY_HIGH_WATERMARK": "768MiB",
        **certificates,
    }  # fmt: skip


@pytest.fixture
def home(tmp_path):
    """Where a RabbitMQ could live; none runs."""
    (tmp_path / "home").mkdir()
    return Broker(tmp_path / "home")
