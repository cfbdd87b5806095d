"""HAProxy, certbot and nginx-static together: what the stack promises, from empty volumes on."""

from __future__ import annotations

import subprocess

import pytest
from certbot.load import Load
from haproxy.namespaces import read_only
from haproxy.polling import eventually
from programs import ENTRYKIT

pytestmark = pytest.mark.versions

SITES = {"one.test/index.html": "one", "two.test/index.html": "two"}


def started(stack, *, names="one.test,www.one.test,two.test", **certbot):
    """Start all three for two sites, and wait for their certificate."""
    stack.serve(SITES, "one.test,two.test")
    domains = f"{stack.app}:{names}"
    stack.front(domains).start()
    stack.keep(domains, **certbot)
    stack.comes(*names.split(","))
    return domains


def body(answer):
    return answer.status, answer.body.decode()


def certbot(stack, domains, *words):
    """Run a command of certbot's own, as `docker exec` would."""
    argv, environ = [ENTRYKIT, "certbot", *words], stack.told(domains)
    return subprocess.run(argv, env=environ, capture_output=True, text=True, check=True)


def test_from_empty_volumes_to_trusted_sites(stack):
    started(stack)

    assert body(stack.edge.https("one.test")) == (200, "one")
    assert body(stack.edge.https("two.test")) == (200, "two")
    eventually(lambda: "HAProxy now serves 127.0.0.1.pem" in stack.log.read_text())


def test_www_is_redirected_in_one_hop(stack):
    started(stack)

    answer = stack.edge.https("www.one.test", "/a?b=c")

    assert (answer.status, answer.location) == (301, "https://one.test/a?b=c")


def test_http_is_redirected_to_https(stack):
    started(stack)

    answer = stack.edge.http("one.test", "/a?b=c")

    assert (answer.status, answer.location) == (301, "https://one.test/a?b=c")


def test_certbot_may_start_before_haproxy(stack):
    stack.serve(SITES, "one.test,two.test")
    domains = f"{stack.app}:one.test"
    edge = stack.front(domains)
    keeper = stack.keep(domains)
    keeper.comes(lambda: "HAProxy" in stack.log.read_text())

    edge.start()

    stack.comes("one.test")


def test_a_renewal_fails_no_request_and_reloads_nothing(stack):
    domains = started(stack)
    process, before = stack.edge.pid, stack.serial("one.test")
    pem = next(stack.edge.certs.glob("*.pem"))
    written = pem.read_bytes()

    with Load(stack.edge, "one.test") as load:
        certbot(stack, domains, "renew", "--force-renewal")
        eventually(lambda: pem.read_bytes() != written)
        eventually(lambda: stack.serial("one.test") != before)
        eventually(load.saw(int(stack.serial("one.test"), 16)))

    assert stack.edge.pid == process
    assert "Reloading" not in stack.edge.said
    assert stack.pebble.issued() == 2


def test_a_domain_that_does_not_validate_stands_in_nobodys_way(stack):
    names = [f"site{number}.test" for number in range(10)]
    stack.serve({f"{name}/index.html": name for name in names}, ",".join(names))
    domains = f"{stack.app}:{','.join(names)}"
    stack.front(domains).start()
    stack.pebble.dns(names[3])

    stack.keep(domains)

    good = [name for name in names if name != names[3]]
    stack.comes(*good)
    assert all(stack.edge.https(name).status == 200 for name in good)
    assert names[3] in stack.log.read_text()


def test_restarts_make_no_order(stack):
    domains = started(stack)
    orders = stack.pebble.orders()
    stack.keeper.__exit__()

    codes = {stack.once(domains) for _ in range(10)}

    assert codes == {0}
    assert stack.pebble.orders() == orders


def test_a_domain_that_is_added_is_served_after_one_order(stack):
    domains = started(stack, names="one.test")
    stack.edge.stop()
    stack.keeper.__exit__()
    more = f"{domains},two.test"
    stack.edge.environ["DOMAINS"] = more
    stack.edge.start()
    orders = stack.pebble.orders()

    assert stack.once(more) == 0

    assert stack.trusted("one.test", "two.test")
    assert stack.pebble.orders() == orders + 1


def test_a_domain_that_is_removed_leaves_the_certificate(stack):
    domains = started(stack, names="one.test,two.test")
    stack.keeper.__exit__()

    assert stack.once(domains.replace(",two.test", "")) == 0

    assert stack.trusted("one.test")
    assert not stack.trusted("two.test")


def test_an_app_that_is_removed_leaves_haproxy_and_is_kept_aside(stack):
    stack.serve(SITES, "one.test,two.test")
    one, two = f"{stack.app}:one.test", "127.0.0.2:9:two.test"
    stack.front(f"{one} {two}").start()
    assert stack.once(f"{one} {two}") == 0
    assert stack.trusted("one.test", "two.test")
    orders = stack.pebble.orders()

    assert stack.once(one) == 0

    assert stack.trusted("one.test")
    assert not stack.is_trusted("two.test")
    assert stack.pebble.orders() == orders
    assert list((stack.letsencrypt / "retired" / "127.0.0.2").iterdir())


def test_an_app_that_comes_back_is_not_ordered_again(stack):
    stack.serve(SITES, "one.test,two.test")
    one, two = f"{stack.app}:one.test", "127.0.0.2:9:two.test"
    stack.front(f"{one} {two}").start()
    codes = [stack.once(text) for text in (f"{one} {two}", one, f"{one} {two}")]

    assert codes == [0, 0, 0]
    assert stack.trusted("one.test", "two.test")
    assert stack.pebble.orders() == 2


def test_an_app_with_a_new_name_keeps_its_certificate(stack):
    domains = started(stack)
    orders, serial = stack.pebble.orders(), stack.serial("one.test")
    stack.keeper.__exit__()

    assert stack.once(domains.replace("127.0.0.1", "localhost")) == 0

    assert stack.pebble.orders() == orders
    assert stack.serial("one.test") == serial


def test_haproxy_presents_the_same_after_a_restart(stack):
    started(stack)
    serial = stack.serial("one.test")
    stack.edge.stop()

    stack.edge.start()

    assert stack.serial("one.test") == serial


def test_without_its_authority_haproxy_keeps_what_it_has(stack):
    """Nothing is due, so nobody is asked; and what is new is tried again, later and later."""
    domains = started(stack, names="one.test")
    stack.keeper.__exit__()
    stack.pebble.stop()

    assert stack.once(domains) == 0
    assert stack.once(f"{domains},two.test") == 1

    assert body(stack.edge.https("one.test")) == (200, "one")


def test_a_folder_of_certificates_that_cannot_be_written_is_told(stack):
    domains = started(stack, names="one.test")
    stack.keeper.__exit__()

    with stack.keep(domains, prefix=read_only(stack.edge.certs)) as keeper:
        assert keeper.ended() == 73

    assert str(stack.edge.certs) in stack.log.read_text()
    assert body(stack.edge.https("one.test")) == (200, "one")
