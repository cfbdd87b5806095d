"""What nginx-static finds out about the host."""

from __future__ import annotations

import os
import socket

import pytest

from entrykit.roles.nginx_static import nginx_build
from entrykit.roles.nginx_static.host import NginxHostFacts, can_log, count_usable
from entrykit.roles.nginx_static.nginx_build import Build

BROTLI = ("ngx_http_brotli_filter_module.so", "ngx_http_brotli_static_module.so")


@pytest.mark.parametrize(
    ("files", "most"),
    [
        ({}, None),
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu.max": "100000 100000\n"}, 1),
        ({"cpu.max": "1000 100000\n"}, 1),
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "nonsense\n"}, None),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1),
    ],
)
def test_processors_are_those_that_the_container_may_use(tmp_path, files, most):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    ours = len(os.sched_getaffinity(0))

    assert count_usable(str(tmp_path)) == (ours if most is None else min(ours, most))


def test_affinity_counts():
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(ours)})
    try:
        assert count_usable("/nowhere") == 1
    finally:
        os.sched_setaffinity(0, ours)


@pytest.fixture
def installed(tmp_path):
    """A program `nginx` that writes `words`, and ends with `status` if it tests a file."""

    def install(words, status=0):
        (tmp_path / "nginx").write_text(
            f"#!/bin/sh\necho '{words}' >&2\n[ $1 = -V ] || exit {status}\n"
        )
        (tmp_path / "nginx").chmod(0o755)
        return {"PATH": str(tmp_path)}

    return install


@pytest.mark.parametrize(
    ("version", "http2"), [("1.22.1", False), ("1.25.0", False), ("1.25.1", True), ("1.30", True)]
)
def test_the_version_says_how_http_2_is_written(installed, version, http2):
    environ = installed(f"nginx version: nginx/{version}")

    assert NginxHostFacts.observe(environ).http2 is http2


def test_brotli_is_used_where_both_of_its_modules_are(installed, tmp_path):
    environ = installed(f"configure arguments: --modules-path={tmp_path}/modules --with-x")
    (tmp_path / "modules").mkdir()
    paths = tuple(str(tmp_path / "modules" / name) for name in BROTLI)
    (tmp_path / "modules" / BROTLI[0]).touch()
    assert Build.query(environ).find_brotli(environ) == ()

    (tmp_path / "modules" / BROTLI[1]).touch()
    assert Build.query(environ).find_brotli(environ) == paths


def test_brotli_is_not_used_where_its_modules_do_not_fit(installed, tmp_path):
    """Those of another version would keep nginx from starting."""
    for name in BROTLI:
        (tmp_path / name).touch()

    environ = installed(f"--modules-path={tmp_path}", status=1)

    assert Build.query(environ).modules == str(tmp_path)
    assert Build.query(environ).find_brotli(environ) == ()


def test_nginx_sees_neither_secrets_nor_snippets_when_it_is_queried(tmp_path, monkeypatch):
    for name in BROTLI:
        (tmp_path / name).touch()
    (tmp_path / "nginx").write_text(
        f"#!/bin/sh\nexport -p >> {tmp_path}/seen; cat >> {tmp_path}/input\n"
        f"echo nginx/1.30 --modules-path={tmp_path}\n"
    )
    (tmp_path / "nginx").chmod(0o755)
    monkeypatch.setenv("API_TOKEN", "made-up")
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "NGINX_EXTRA_HTTP": "# made-up"}

    facts = NginxHostFacts.observe(environ)

    seen = (tmp_path / "seen").read_text()
    assert len(facts.brotli) == seen.count("LC_ALL") == 2  # `nginx -V`, and the trial
    assert "made-up" not in seen
    assert not (tmp_path / "input").read_text()


def test_an_nginx_that_does_not_answer_is_not_waited_for(tmp_path, monkeypatch):
    (tmp_path / "nginx").write_text("#!/bin/sh\nsleep 60\n")
    (tmp_path / "nginx").chmod(0o755)
    monkeypatch.setattr(nginx_build, "_SECONDS", 0.2)

    assert Build.query({"PATH": f"{tmp_path}:{os.environ['PATH']}"}) == Build()


def test_without_an_nginx_nothing_is_known_of_it():
    assert Build.query({"PATH": "/nowhere"}) == Build()
    assert Build().find_brotli({"PATH": "/nowhere"}) == ()


def test_without_ipv6_it_is_not_listened_on():
    host_facts = NginxHostFacts.observe({"PATH": "/nowhere"}, ipv6="/nowhere")

    assert host_facts.listen_addresses((), 80) == ["0.0.0.0:80"]
    assert NginxHostFacts().listen_addresses((), 80) == ["0.0.0.0:80", "[::]:80"]
    assert NginxHostFacts().listen_addresses(["::1", "127.0.0.1"], 80) == [
        "[::1]:80",
        "127.0.0.1:80",
    ]


def test_a_socket_cannot_be_logged_to(tmp_path):
    """As systemd gives one."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))

        assert not can_log(str(tmp_path / "socket"))
    assert can_log("/dev/null")
