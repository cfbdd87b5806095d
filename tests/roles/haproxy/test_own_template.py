"""A template of one's own, which iterates over the backends."""

from __future__ import annotations

from entrykit import render

TEMPLATE = """\
{% extends "!haproxy.cfg.j2" %}
{% block backends %}
{% for backend in settings.all_backends %}
# {{ backend.name }} {{ backend.kind }} {{ backend.host }} {{ backend.address }} \
{{ backend.replicas }} {{ backend.check_host }} {{ backend.domains | length }}
{% endfor %}
{% for lookup, backend in host.with_lookup(settings.backends) %}
# {{ backend.name }} by {{ lookup }}
{% endfor %}
{% endblock %}
"""
DOMAINS = '{"web": ["*.a.test", "a.test"], "192.0.2.1": {"domains": ["*.b.test"], "port": 81}}'


def test_a_backend_has_its_values_by_name(tmp_path):
    (tmp_path / "haproxy.cfg.j2").write_text(TEMPLATE)

    files = render("haproxy", {"DOMAINS": DOMAINS, "ENTRYKIT_TEMPLATES": str(tmp_path)})

    comments = [line for line in files["haproxy.cfg"].text.split("\n") if line.startswith("# web")]
    assert comments == ["# web:80 http web web:80 1 a.test 2", "# web:80 by dns"]
    assert (
        "# 192.0.2.1:81 http 192.0.2.1 192.0.2.1:81 1 health.b.test 1" in files["haproxy.cfg"].text
    )
    assert "# 192.0.2.1:81 by address" in files["haproxy.cfg"].text
