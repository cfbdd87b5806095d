"""What cannot be executed is said with the codes of a shell, before anything is done for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from programs import entrykit, talking

CANNOT = {
    "absent": (127, "no such program in PATH"),
    "/absent": (127, "no such program"),
    "/etc/hostname/x": (127, "no such program"),
    "/etc": (126, "not executable"),
    "PLAIN": (126, "not executable"),
    "ODD": (126, "Exec format error"),
    "LOST": (127, 'its interpreter "/no" does not exist'),
    "CRLF": (127, 'its interpreter "/bin/sh\\r" does not exist'),
}


@pytest.fixture
def shown(tmp_path):
    """Variables under which every program in question tells its words in place of working."""
    site = {"DOMAINS": "web:example.com", "CONFIG_DIR": str(tmp_path / "config")}
    return site | {"PATH": talking(tmp_path / "bin", "upstream")}


@pytest.fixture
def unfit(tmp_path):
    """Files that cannot be executed: plain, of an odd format, of an interpreter that is not."""
    texts = {
        "PLAIN": (0o644, "#!/bin/sh\n"),
        "ODD": (0o755, "odd\n"),
        "LOST": (0o755, "#!/no\n"),
        "CRLF": (0o755, "#!/bin/sh\r\n"),
    }
    for name, (mode, text) in texts.items():
        (tmp_path / name).write_text(text, newline="")
        (tmp_path / name).chmod(mode)
    return lambda name: str(tmp_path / name) if name in texts else name


@pytest.mark.parametrize(("program", "code", "reason"), [(k, *v) for k, v in CANNOT.items()])
def test_a_program_that_cannot_be_executed_is_said(shown, unfit, program, code, reason):
    """With the codes of a shell, and before any file is written where it would be the upstream."""
    there = unfit(program)

    process = entrykit("haproxy", there, environ=shown)

    assert (process.returncode, process.stdout) == (code, "")
    assert process.stderr == f"entrykit: error: {there}: {reason}\n"
    assert not os.path.exists(shown["CONFIG_DIR"])


@pytest.mark.parametrize("program", ["absent", "/absent", "PLAIN", "LOST", "CRLF"])
def test_a_missing_upstream_is_said_before_any_file_is_written(shown, unfit, program):
    there = unfit(program)

    process = entrykit("haproxy", environ=shown | {"ENTRYKIT_UPSTREAM": there})

    code, reason = CANNOT[program]
    assert process.returncode == code
    assert process.stderr == f"entrykit: error: {there}: {reason}\n"
    assert not os.path.exists(shown["CONFIG_DIR"])


@pytest.mark.parametrize("program", ["PLAIN", "ODD", "LOST"])
def test_a_daemon_that_cannot_judge_is_said_and_nothing_is_left(shown, unfit, tmp_path, program):
    """It exists but cannot be executed: no error of the directory or the files."""
    (tmp_path / "bin" / "haproxy").unlink()
    (tmp_path / "bin" / "haproxy").symlink_to(unfit(program))
    upstream = {"ENTRYKIT_UPSTREAM": str(tmp_path / "bin" / "upstream")}

    process = entrykit("haproxy", environ=shown | upstream)

    code, reason = CANNOT[program]
    assert process.returncode == code
    assert f"/haproxy: {reason}" in process.stderr
    assert [path.name for path in Path(shown["CONFIG_DIR"]).glob("*.*")] == []
