"""Killed at any point, what is left of a start is what HAProxy can be started and reloaded with."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import killing_starts
import pytest


@pytest.mark.parametrize("certs", ["second", "foreign"])
@pytest.mark.parametrize("before", ["nothing", "kept", "gone"])
def test_killed_before_any_step_haproxy_accepts_what_a_bad_start_leaves(
    tmp_path, search_path, before, certs
):
    """Also where CERTS_DIR is another one, or the crt-list cannot be kept there."""
    argv = [sys.executable, killing_starts.__file__, tmp_path, before, certs]
    environ = os.environ | {"PATH": search_path}
    process = subprocess.run(
        argv, env=environ, capture_output=True, text=True, timeout=300, check=False
    )
    assert process.returncode == 0, process.stderr
    seen = json.loads(process.stdout)

    # Nothing that was not there before the kill can be missed after it.
    old = {"nothing": None}.get(before, "old.test")
    refused = [each for each in seen if each["says"]]
    assert [each for each in refused if (before, each["domains"]) != ("gone", "old.test")] == []
    assert {each["domains"] for each in seen} == {old, "new.test"}
    assert len(seen) > 15
