"""A certificate authority, and what a client and a server make of it."""

from __future__ import annotations

import ssl

import trustme


class Authority:
    """Issues certificates that its own clients trust."""

    def __init__(self):
        self._ca = trustme.CA()

    def pem(self, *names):
        """Issue a certificate: the bytes of a PEM file with the chain and the key."""
        return self._ca.issue_cert(*names).private_key_and_cert_chain_pem.bytes()

    def issue(self, *names, **how):
        """Issue a certificate, as trustme does it."""
        return self._ca.issue_cert(*names, **how)

    @property
    def root(self):
        """The bytes of its own certificate."""
        return self._ca.cert_pem.bytes()

    def server(self, *names, protocols=("http/1.1",)):
        """Make the TLS context of an app with a certificate of its own."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(protocols)
        self._ca.issue_cert(*names).configure_cert(context)
        return context

    def client(self, protocols=("http/1.1",)):
        """Make the TLS context of a client.

        It wants a certificate from here but takes any name: which one is
        presented is for the tests to say.
        """
        context = ssl.create_default_context()
        context.check_hostname = False
        context.set_alpn_protocols(protocols)
        self._ca.configure_trust(context)
        return context
