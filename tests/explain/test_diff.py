"""`entrykit diff`: what a start would change on the disk, with every secret masked."""

from __future__ import annotations

import re

import pytest

from entrykit.cli.main import main

SITE = ["--no-env", "-e", "DOMAINS=web:example.com"]
STATS = ["-e", "STATS_PORT=8405", "-e", "STATS_PASSWORD=hunter2"]
MARK = "# Written by entrykit from the variables of its role haproxy"


def written(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def live(run, tmp_path):
    """A directory as a start leaves it, and the options that name it."""
    folder = tmp_path / "live"
    assert run("render", *SITE, *STATS, "-o", str(folder))[0] == 0
    return ["-e", f"CONFIG_DIR={folder}"]


def test_diff_of_equal_files_is_empty(run, live):
    assert run("diff", *SITE, *STATS, *live) == (0, "", "")


def test_diff_shows_what_a_start_would_change(run, live, tmp_path):
    """A unified diff of every file that changes, from the live one to the new one."""
    code, out, err = run("diff", *SITE, *STATS, *live, "-e", "DOMAINS=web:example.org")

    assert (code, err) == (1, "")
    lines = [line for line in out.splitlines() if not line.startswith((" ", "@@"))]
    assert lines == [
        f"--- {tmp_path}/live/hosts.map (live)",
        f"+++ {tmp_path}/live/hosts.map (new)",
        "-example.com web:80",
        "+example.org web:80",
    ]


def test_diff_changes_nothing(run, live, tmp_path):
    before = written(tmp_path / "live")

    run("diff", *SITE, *live, "-e", "HTTP_PORT=8080")

    assert written(tmp_path / "live") == before


def test_diff_masks_secrets_old_and_new(run, live):
    """The old secret is no longer used, but must not be shown either."""
    new = ["-e", "STATS_PORT=8406", "-e", "STATS_PASSWORD=correct horse"]

    code, out, _ = run("diff", *SITE, *new, *live)

    assert code == 1
    assert "bind 0.0.0.0:8406" in out
    assert "insecure-password ***" in out
    assert "hunter2" not in out
    assert "horse" not in out


RAW = {
    "GLOBAL": ["setenv TOKEN hunter2", "setenv TOKEN hunter3"],
    "DEFAULTS": ["http-error status 503 content-type text/plain string hunter2", ""],
    "FRONTEND": ["http-request set-header X-Api-Key hunter2", "http-request deny if hunter3"],
    "BACKEND": ['# hunter2\n\n\thttp-request set-header X-Key "hunter2"\n  # ', "# hunter3"],
}


@pytest.mark.parametrize("section", RAW)
def test_diff_masks_raw_lines_of_any_shape_old_and_new(run, tmp_path, section):
    """Nobody knows the old variables any more, nor where in a line a secret may stand."""
    old, new = ([] if not raw else ["-e", f"HAPROXY_EXTRA_{section}={raw}"] for raw in RAW[section])
    folder = ["-e", f"CONFIG_DIR={tmp_path}"]
    run("render", *SITE, *old, "-o", str(tmp_path))

    code, out, _ = run("diff", *SITE, *new, *folder, "-e", "HTTP_PORT=81")
    alone = run("diff", *SITE, *new, *folder)[:2]

    assert code == 1
    assert "-    bind 0.0.0.0:80\n" in out
    assert "+    bind 0.0.0.0:81\n" in out
    assert "hunter" not in out + alone[1]
    if new:
        assert alone == (1, f"{tmp_path}/haproxy.cfg: a secret differs\n")


def test_diff_masks_raw_lines_that_were_copied_from_a_file_of_entrykits(run, tmp_path):
    folder = ["-e", f"CONFIG_DIR={tmp_path}"]
    run("render", *SITE, "-e", "HAPROXY_EXTRA_GLOBAL=# a", "-o", str(tmp_path))
    block = re.search(r"(?s)# Raw.*lines\.\n", (tmp_path / "haproxy.cfg").read_text())[0]
    copied = f"HAPROXY_EXTRA_GLOBAL={block}setenv TOKEN hunter2\n{block}setenv TOKEN hunter3"
    run("render", *SITE, "-e", copied, "-o", str(tmp_path))

    code, out, _ = run("diff", *SITE, *folder)

    assert code == 1
    assert "TOKEN" in (tmp_path / "haproxy.cfg").read_text()
    assert "TOKEN" not in out


@pytest.mark.parametrize("variable", ["NGINX_EXTRA_HTTP", "NGINX_EXTRA_SERVER"])
def test_diff_masks_raw_lines_of_every_role(capsys, tmp_path, variable):
    words = ["nginx-static", "--no-env", "-e", "DOMAINS=example.com"]
    raw = ["-e", f"{variable}=proxy_set_header Authorization hunter2;"]
    main(["entrykit", "render", *words, *raw, "-o", str(tmp_path)])

    assert main(["entrykit", "diff", *words, "-e", f"CONFIG_DIR={tmp_path}"]) == 1
    assert "hunter2" not in capsys.readouterr().out


def test_diff_tells_that_a_secret_changes_and_nothing_of_it(run, live, tmp_path):
    code, out, _ = run("diff", *SITE, *STATS, "-e", "STATS_PASSWORD=hunter3", *live)

    assert (code, out) == (1, f"{tmp_path}/live/haproxy.cfg: a secret differs\n")


def test_diff_takes_files_that_are_not_there_as_empty(run, tmp_path):
    code, out, _ = run("diff", *SITE, "-e", f"CONFIG_DIR={tmp_path}/absent")

    assert code == 1
    assert out.count(f"+{MARK}") == 3
    assert not re.search(r"^-(?!--)", out, re.MULTILINE)


def test_diff_shows_a_user_supplied_file_as_well(run, live, tmp_path):
    """Whose it is decides about the start, and not about what is shown."""
    (tmp_path / "live" / "hosts.map").write_bytes(b"example.com other \xff\n")

    code, out, _ = run("diff", *SITE, *STATS, *live)

    assert code == 1
    assert "-example.com other \ufffd\n" in out
    assert "+example.com web:80\n" in out


def test_diff_compares_the_files_of_the_role_and_no_others(run, live, tmp_path):
    (tmp_path / "live" / "other.cfg").write_text("a person's own\n")

    assert run("diff", *SITE, *STATS, *live)[:2] == (0, "")
