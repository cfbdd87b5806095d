"""certbot's keeper in a container on the machine's network, with no HAProxy before it."""

from __future__ import annotations


def reached(pebble, **more):
    """Variables with which the authority reaches certbot itself, on loopback."""
    return {
        "DOMAINS": "web:example.com",
        "CERTS_DIR": "/certs",
        "ACME_SERVER": pebble.directory,
        "ACME_CA_BUNDLE": "/bundle.pem",
        "ACME_PORT": pebble.http_port,
        "HAPROXY_URL": f"http://127.0.0.1:{pebble.http_port}",
        "HAPROXY_WAIT": "0",
        **more,
    }
