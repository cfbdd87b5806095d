"""An S3 store on loopback, and a look at what a registry sends to it."""

from __future__ import annotations

import hashlib
import hmac
import re
import socket
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from uuid import uuid4

import httpx
from haproxy.polling import eventually
from haproxy.ports import free_port
from programs import Running

MOTO = Path(sys.executable).with_name("moto_server")
REGION = "us-east-1"
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>.*)/(?P<scope>\d{8}/[^/]*/s3/aws4_request), "
    r"?SignedHeaders=(?P<names>\S*), ?Signature=(?P<signature>\w+)"
)


class Store:
    """A moto server: accepts any credentials, and stores nothing on disk.

    Attributes:
        port: where it listens, on loopback.
    """

    def __init__(self, folder):
        self.port = free_port()
        argv = [MOTO, "-H", "127.0.0.1", "-p", str(self.port)]
        environ = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
        self._running = Running(argv, environ, folder / "moto.log")

    def __enter__(self):
        self._running.comes(lambda: self._ask("GET", "").status_code == 200)
        return self

    def __exit__(self, *_):
        self._running.__exit__()

    def bucket(self, name):
        """Make a bucket; returns its name."""
        assert self._ask("PUT", name).status_code == 200
        return name

    def keys(self, bucket):
        """The names of all objects of a bucket."""
        return re.findall(r"<Key>(.*?)</Key>", self._ask("GET", bucket).text)

    def _ask(self, method, path):
        try:
            url = f"http://127.0.0.1:{self.port}/{path}"
            return httpx.request(method, url, trust_env=False, verify=False, timeout=20)
        except httpx.TransportError as error:
            raise OSError(str(error)) from error


@dataclass(frozen=True)
class Request:
    """A request as a registry sent it.

    Attributes:
        line: method, target and version.
        headers: names in lower case to values.
    """

    line: str
    headers: dict[str, str]

    @property
    def _signed(self):
        found = _SIGNED.fullmatch(self.headers.get("authorization", ""))
        assert found, self.headers
        return found

    @property
    def access_key(self):
        return self._signed["key"]

    def signed_with(self, secret):
        """Whether it was signed with that secret key (AWS Signature Version 4)."""
        scope = self._signed["scope"]
        stamp = self.headers["x-amz-date"]
        digest = hashlib.sha256(self._canonical().encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
        key = f"AWS4{secret}".encode()
        for word in [*scope.split("/"), text]:
            key = hmac.digest(key, word.encode(), "sha256")
        return key.hex() == self._signed["signature"]

    def _canonical(self):
        method, target, _ = self.line.split(" ")
        path, _, query = target.partition("?")
        query = "&".join(sorted(part if "=" in part else f"{part}=" for part in query.split("&")))
        names = self._signed["names"]
        headers = "".join(f"{name}:{self.headers[name]}\n" for name in names.split(";"))
        body = self.headers["x-amz-content-sha256"]
        return "\n".join([method, path, query if target != path else "", headers, names, body])


class _Tap(BaseRequestHandler):
    def handle(self):
        with socket.create_connection(("127.0.0.1", self.server.store.port)) as upstream:
            back = Thread(target=_copy, args=(upstream, self.request, None))
            back.start()
            _copy(self.request, upstream, self.server.seen)
            back.join()


def _copy(source, target, seen):
    with suppress(OSError):
        while data := source.recv(65536):
            if seen is not None:
                seen.append(data)
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Tap:
    """A wire to a store that shows what goes through it.

    Attributes:
        url: for REGISTRY_STORAGE_S3_REGIONENDPOINT.
    """

    def __init__(self, server):
        self._server = server
        self.url = f"http://127.0.0.1:{server.server_address[1]}"

    @property
    def requests(self):
        """What has been asked so far."""
        text = b"".join(self._server.seen).decode("latin-1")
        lines = r"((?:GET|HEAD|PUT|POST|DELETE) \S+ HTTP/1\.1)\r\n(.*?)\r\n\r\n"
        return [Request(line, _headers(rest)) for line, rest in re.findall(lines, text, re.DOTALL)]


def _headers(text):
    pairs = (line.partition(":") for line in text.split("\r\n"))
    return {name.lower(): value.strip() for name, _, value in pairs}


class Bucket:
    """A bucket of a test's own.

    Attributes:
        tap: the wire to its store; see `Tap`.
        variables: what a registry needs to find it, without the keys.
        config: the same as the `storage` of a config.yml, with keys.
    """

    def __init__(self, store, tap):
        self._store, self.tap = store, tap
        self._name = store.bucket(f"bucket-{uuid4().hex}")
        leaves = {"bucket": self._name, "region": REGION, "regionendpoint": tap.url}
        leaves["forcepathstyle"] = "true"
        names = {f"REGISTRY_STORAGE_S3_{name.upper()}": leaves[name] for name in leaves}
        self.variables = {"REGISTRY_STORAGE": "s3"} | names
        self.config = {"s3": leaves | {"accesskey": "k", "secretkey": "s"}}

    @property
    def keys(self):
        """The names of all its objects."""
        return self._store.keys(self._name)

    @property
    def name(self):
        return self._name

    @property
    def asked(self):
        """The last request of a registry's to it."""
        return eventually(lambda: self.tap.requests)[-1]


@contextmanager
def tap_store(store):
    """Put a wire before a store, for as long as the block runs."""
    with _Server(("127.0.0.1", free_port()), _Tap) as server:
        server.store, server.seen = store, []
        Thread(target=server.serve_forever, daemon=True).start()
        yield Tap(server)
        server.shutdown()
