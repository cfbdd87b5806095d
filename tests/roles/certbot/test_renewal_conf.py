"""Whether a lineage is from the CA that is asked now."""

from __future__ import annotations

import pytest
from certbot.keeping import Keeping

from entrykit.roles.certbot.lineages.renewal_conf import is_from_other_ca
from entrykit.roles.certbot.plan import Plan

REAL = "https://ca.test/directory"
STAGING = "https://staging.ca.test/directory"


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [(STAGING, REAL, True), (REAL, REAL, False), (REAL, STAGING, False), (None, REAL, False)],
)
def test_a_certificate_for_trying_is_replaced_and_a_real_one_never(tmp_path, was, now, expected):
    if was:
        (tmp_path / "renewal").mkdir()
        (tmp_path / "renewal" / "web.conf").write_text(f"[renewalparams]\nserver = {was}\n")

    assert is_from_other_ca(plan(tmp_path, now), "web") == expected


def test_another_ca_is_one_order(tmp_path, authority, certbot_path):
    first, second = authority("first"), authority("second")
    keeping = Keeping(tmp_path, first, certbot_path, DOMAINS="web:a.test", CERTS_DIR=None)
    keeping.once()
    serial = keeping.serial("web")
    keeping.pebble = second
    port = second.http_port
    keeping.set(ACME_SERVER=second.directory, ACME_CA_BUNDLE=second.bundle, ACME_PORT=port)

    for _ in range(2):
        assert keeping.once(HAPROXY_URL=f"http://127.0.0.1:{port}") == 0
    assert (first.orders(), second.orders()) == (1, 1)
    assert keeping.serial("web") != serial


def plan(folder, server):
    fields = dict.fromkeys(Plan.__dataclass_fields__)
    return Plan(**fields | {"config_dir": str(folder), "server": server})
