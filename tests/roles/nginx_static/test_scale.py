"""Many domains: 10,000 of them. What they cost is measured in `benchmarks`."""

from __future__ import annotations

import pytest


def name(number):
    return f"domain-number-{number}.many.test"


@pytest.fixture(scope="module")
def many(shared_web, tmp_path_factory):
    path = tmp_path_factory.mktemp("many") / "domains"
    path.write_text("\n".join(map(name, range(10_000))))
    files = {f"{name(number)}/index.html": str(number) for number in (0, 5_000, 9_999)}
    return shared_web(files, DOMAINS_FILE=str(path))


@pytest.mark.parametrize("number", [0, 5_000, 9_999])
def test_each_domain_has_its_folder(many, number):
    assert many.text(name(number)) == (200, str(number))
    assert many.get(f"www.{name(number)}", "/x").location == f"https://{name(number)}/x"


def test_an_unknown_host_is_still_unknown(many):
    assert many.get(name(10_000)).status == 421


def test_domains_without_directories_are_reported_in_a_few_lines(many):
    """And nginx has no complaint about the size of its hashes."""
    assert many.said.count("no directory") == 6
    assert "no directory for 9992 more domains" in many.said
    assert "[warn]" not in many.said
