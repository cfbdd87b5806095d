"""User-supplied templates take precedence over those of a role: ENTRYKIT_TEMPLATES."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from programs import ENTRYKIT, Running, edge_environ, entrykit, serves, under_test
from small import small_role

from entrykit.discovery.finder import load_role
from entrykit.errors import RenderError, SettingsError
from entrykit.files.config_file import PRIVATE, PUBLIC
from entrykit.rendering.role_files import render

BUILT_IN = {
    "main.cfg.j2": "{% set top = 'top' %}\na\n"
    "{% block one %}\none {{ settings.word }}\n{% endblock %}\n"
    "{% block two %}\ntwo\n{% block three %}\nthree\n{% endblock %}\n{% endblock %}\n"
    '{% include "_part.cfg.j2" %}',
    "_part.cfg.j2": "{% block part %}\npart\n{% endblock %}\n",
    "b.map.j2": "{{ settings.routes }}\n",
}


@pytest.fixture
def built_in(tmp_path):
    return written(tmp_path / "built_in", BUILT_IN)


@pytest.fixture
def own(tmp_path, built_in):
    """A function from user-supplied templates, names to texts, to the files."""

    def own(templates, **variables):
        folder = written(tmp_path / "own", templates)
        role = small_role(built_in)
        given = {"ENTRYKIT_TEMPLATES": str(folder), **variables}
        return render(role, role.settings.from_environ(given))

    return own


def written(folder, texts):
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def body(file):
    return file.text.partition("\n")[2]


# which one wins


def test_a_template_of_the_same_name_goes_before_the_roles(own):
    """The others stay, and it is quoted and marked as ever."""
    found = own({"main.cfg.j2": "mine {{ settings.word }}\n"}, WORD="a b")

    assert body(found["main.cfg"]) == "mine 'a b'\n"
    assert body(found["b.map"]) == "key a b\n"
    assert found["main.cfg"].text.startswith("# Written by entrykit ")


def test_a_template_changes_one_block_of_the_roles(own):
    """What super() gives is not quoted once more, and what the role's has set is there."""
    mine = '{% extends "!main.cfg.j2" %}\n{% block one %}\n{{ super() }}{{ top }}\n{% endblock %}\n'

    assert body(own({"main.cfg.j2": mine}, WORD="a b")["main.cfg"]) == (
        "a\none 'a b'\ntop\ntwo\nthree\npart\n"
    )


def test_a_part_of_the_roles_is_replaced_or_changed_where_it_is_included(own):
    mine = '{% extends "!_part.cfg.j2" %}\n{% block part %}\nmy {{ super() }}{% endblock %}\n'

    assert body(own({"_part.cfg.j2": "mine\n"})["main.cfg"]).endswith("three\nmine\n")
    assert body(own({"_part.cfg.j2": mine})["main.cfg"]).endswith("three\nmy part\n")


def test_templates_have_parts_of_their_own(own):
    mine = '{% extends "!main.cfg.j2" %}{% block two %}{% include "_x.cfg.j2" %}{% endblock %}'

    found = own({"main.cfg.j2": mine, "_x.cfg.j2": "x\n", "README.md": "mine"})

    assert list(found) == ["b.map", "main.cfg"]
    assert body(found["main.cfg"]) == "a\none word\nx\npart\n"


def test_the_bytes_are_the_same_where_a_block_is_only_taken_over(own, built_in):
    role = small_role(built_in)
    mine = '{% extends "!main.cfg.j2" %}'

    assert own({"main.cfg.j2": mine}) == render(role, role.settings.from_environ({}))


def test_a_folder_as_kubernetes_mounts_it(own, tmp_path):
    """A ConfigMap's files are links to a folder beside them whose name begins with two dots."""
    folder = tmp_path / "own"
    written(folder, {})
    written(folder / "..2024", {"main.cfg.j2": "mounted\n"})
    (folder / "..data").symlink_to("..2024")
    (folder / "main.cfg.j2").symlink_to("..data/main.cfg.j2")

    assert body(own({})["main.cfg"]) == "mounted\n"


def test_nothing_is_written_beside_user_supplied_templates(own, tmp_path, built_in):
    """And none is cached in the package: a changed template counts at once."""
    role = small_role(built_in)
    render(role, role.settings.from_environ({}))
    before = sorted((built_in / "__pycache__").glob("*"))

    own({"main.cfg.j2": '{% extends "!main.cfg.j2" %}{% block one %}1{% endblock %}'})

    assert os.listdir(tmp_path / "own") == ["main.cfg.j2"]
    assert sorted((built_in / "__pycache__").glob("*")) == before


# what would go unnoticed


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        ({"main.conf.j2": ""}, '"main.conf.j2": this role has no such file'),
        ({"main.cfg": ""}, '"main.cfg": the name of a template must end with .j2'),
        ({"_prat.cfg.j2": "", "main.cfg.j2": "x"},
         '"_prat.cfg.j2": no other template there includes it'),
        ({}, '"{}": it has no template of this role'),
        ({"README.md": ""}, '"{}": it has no template of this role'),
    ],
)  # fmt: skip
def test_a_name_that_means_nothing_is_refused_with_those_that_do(own, tmp_path, templates, message):
    with pytest.raises(SettingsError) as caught:
        own(templates)

    known = "(known: _part.cfg.j2, b.map.j2, main.cfg.j2)"
    said = message.format(tmp_path / "own")
    assert caught.value.messages == (f"ENTRYKIT_TEMPLATES: {said} {known}",)


def test_a_pipe_in_the_folder_hangs_nothing(own, tmp_path):
    """Also where it is asked whether a template names a part."""
    folder = written(tmp_path / "own", {})
    for name in ("a.j2", "pipe"):
        os.mkfifo(folder / name)

    with pytest.raises(SettingsError) as caught:
        own({"_part2.cfg.j2": "x"})

    assert [message.split('"')[1] for message in caught.value.messages] == ["_part2.cfg.j2", "a.j2"]


def test_every_name_that_means_nothing_is_told_at_once(own):
    with pytest.raises(SettingsError) as caught:
        own({"main.conf.j2": "", "c.map.j2": "", "b.map.j2": "x"})

    assert [message.split('"')[1] for message in caught.value.messages] == [
        "c.map.j2", "main.conf.j2",
    ]  # fmt: skip


def test_a_folder_that_is_not_there_is_a_fault_of_the_variable():
    role = load_role("haproxy")
    settings = role.settings.from_environ(
        {"DOMAINS": "web:a.test", "ENTRYKIT_TEMPLATES": "/absent"}
    )

    with pytest.raises(SettingsError) as caught:
        render(role, settings)

    said = 'ENTRYKIT_TEMPLATES: "/absent": No such file or directory'
    assert caught.value.messages == (said,)


BROKEN = [
    ("one\n{{ nosuch }}\n", 2, "'nosuch' is undefined"),
    ("one\n\n{{ settings.nosuch }}\n", 3, "has no attribute 'nosuch'"),
    ("one\n{% if %}\n", 2, "Expected an expression"),
    ('{% extends "!main.cfg.j2" %}\n{% block one %}\n{{ nosuch }}{% endblock %}', 3, "'nosuch' is"),
    ('{% extends "main.cfg.j2" %}', 1, 'it extends itself (expected "!main.cfg.j2"'),
    ('{% extends "!main.cfg.j2" %}\n\n{% block wan %}{% endblock %}', 3,
     "!main.cfg.j2 has no block 'wan' (known: one, three, two)"),
    ('{% extends "!main.cfg.j2" %}\n{% block one %}{% endblock %}\nlost\n', 3, "is never rendered"),
    ('{% extends "!main.cfg.j2" %}\n{{ settings.word }}', 2, "is never rendered"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "line", "reason"), BROKEN, ids=[row[2] for row in BROKEN])
def test_a_broken_template_is_said_with_its_path_and_line(own, tmp_path, template, line, reason):
    with pytest.raises(RenderError) as caught:
        own({"main.cfg.j2": template})

    assert caught.value.place == f"{tmp_path}/own/main.cfg.j2:{line}"
    assert reason in caught.value.reason
    assert "\n" not in caught.value.reason


def test_a_block_within_a_block_of_ones_own_is_new_and_is_fine(own):
    mine = (
        '{% extends "!main.cfg.j2" %}{% block one %}{% block mine %}m\n{% endblock %}{% endblock %}'
    )

    assert body(own({"main.cfg.j2": mine})["main.cfg"]).startswith("a\nm\n")


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"\xff", "not valid UTF-8"), (None, "not a file")],
    ids=["bytes", "folder"],
)
def test_what_is_no_text_is_said_with_its_path(own, tmp_path, data, reason):
    written(tmp_path / "own", {})
    path = tmp_path / "own" / "main.cfg.j2"
    path.mkdir() if data is None else path.write_bytes(data)

    with pytest.raises(RenderError, match=f"{path}: {reason}"):
        own({})


# the way out


@pytest.mark.parametrize(
    "expression",
    [
        "{{ settings.from_environ({'CONFIG_DIR_FILE': '/etc/hostname'}).config_dir }}",
        "{{ settings.from_environ }}",
        "{{ settings.model_fields }}",
        "{{ settings.model_dump() }}",
        "{{ settings.model_copy() }}",
        "{{ settings.parse_file('/etc/hostname') }}",
        "{{ settings.parse_raw('', proto='pickle', allow_pickle=True) }}",
        "{{ settings.secrets() }}",
        "{{ settings.secret_variables() }}",
        "{{ settings.folder({'CONFIG_DIR_FILE': '/etc/hostname'}) }}",
        "{{ settings._settings }}",
        "{{ settings['_settings'] }}",
        "{{ settings | attr('_settings') }}",
        "{{ settings.__class__ }}",
        "{{ settings.__dict__ }}",
        "{{ settings.__getattr__('from_environ') }}",
        "{% for each in settings %}{{ each }}{% endfor %}",
        "{{ settings | list }}",
        "{{ dict(settings) }}",
        "{{ settings | tojson }}",
        "{{ settings.word.__class__.__mro__ }}",
        "{{ settings.password.reveal() }}",
        "{{ settings.password.reveal }}",
        "{{ settings.password | attr('reveal') }}",
        "{{ [settings.password] | map(attribute='reveal') | list }}",
        "{{ settings.password | length }}",
        "{{ settings.password | list }}",
        "{{ settings.password._text }}",
        "{{ host.observe({}).cores }}",
        "{{ host.__class__ }}",
        "{{ host.observe.__func__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ lipsum() }}",
        "{{ [1, 2] | random }}",
        '{% include "../secret" %}',
        '{% include "../../../../../../etc/hostname" %}',
        '{% include "/etc/hostname" %}',
        '{% include "link" %}',
        '{% include "up/secret" %}',
        '{% extends "../secret" %}',
        '{% import "link" as x %}{{ x }}',
        '{% include "!../secret" %}',
        '{% include "pipe" %}',
    ],
)
def test_a_template_reaches_nothing_but_values_and_other_templates(own, tmp_path, expression):
    """No environment, no file, no other secret: and what it says of that shows none."""
    (tmp_path / "secret").write_text("from outside")
    folder = written(tmp_path / "own", {})
    (folder / "link").symlink_to("../secret")
    (folder / "up").symlink_to("..")
    os.mkfifo(folder / "pipe")

    with pytest.raises(RenderError) as caught:
        own({"main.cfg.j2": expression}, PASSWORD="hunter2", EXTRA="raw lines")

    assert "hunter2" not in str(caught.value)
    assert "raw lines" not in str(caught.value)
    assert "from outside" not in str(caught.value)


@pytest.mark.parametrize("expression", ["{{ settings | string }}", "{{ settings ~ '' }}",
                                        "{{ '%s' | format(settings) }}"])  # fmt: skip
def test_settings_as_text_show_no_value(own, expression):
    found = own({"main.cfg.j2": expression}, PASSWORD="hunter2", EXTRA="raw lines")["main.cfg"]

    assert body(found) == "settings"


@pytest.mark.parametrize(
    "expression",
    [
        "{{ settings.extra.nosuch }}",
        "{{ {}[settings.extra ~ ''] }}",
        "{{ settings.extra[:9] ~ '\n' }}",
        "{{ settings.extra | upper ~ '\n' }}",
        "{{ settings.extra + 1 }}",
        "{{ [][settings.extra] }}",
    ],
)
def test_no_error_shows_raw_lines(own, expression):
    """They may contain a password: once one was read, only names from the template are shown."""
    with pytest.raises(RenderError) as caught:
        own({"main.cfg.j2": expression}, EXTRA="user x password hunter2")

    assert "hunter2" not in str(caught.value).lower()
    assert "user x" not in str(caught.value).lower()


def test_a_secret_in_one_file_leaves_the_others_open(own):
    found = own({"main.cfg.j2": "{{ settings.password }}"}, PASSWORD="x")

    assert {name: file.mode for name, file in found.items()} == {
        "main.cfg": PRIVATE, "b.map": PUBLIC,
    }  # fmt: skip


# the real daemons

HAPROXY = """\
{% extends "!haproxy.cfg.j2" %}
{% block timeouts %}
{{ super() }}
    timeout queue 7s
{% endblock %}
{% block more %}
listen mine
    bind 127.0.0.1:{{ settings.health_port + 1 }}
    http-request return status 204
{% endblock %}
"""
NGINX = """\
{% extends "!nginx.conf.j2" %}
{% block headers %}
{{ super() }}
        add_header X-Mine {{ settings.bind[0] }} always;
{% endblock %}
"""


@pytest.mark.versions
def test_haproxy_runs_with_a_changed_block(tmp_path, search_path):
    """It accepts and serves the result."""
    own = written(tmp_path / "own", {"haproxy.cfg.j2": HAPROXY})
    environ = edge_environ(tmp_path / "config", search_path) | {"ENTRYKIT_TEMPLATES": str(own)}

    with Running([ENTRYKIT, "haproxy"], environ, tmp_path / "log") as running:
        running.comes(lambda: serves(running.pid, environ))
        text = Path(environ["CONFIG_DIR"], "haproxy.cfg").read_text()

    assert "    timeout queue 7s\n" in text
    assert "\nlisten mine\n" in text


@pytest.mark.versions
def test_haproxy_refuses_what_a_template_says_wrong_and_the_old_files_stay(tmp_path, search_path):
    environ = edge_environ(tmp_path / "config", search_path) | {"ENTRYKIT_UPSTREAM": "/bin/true"}
    assert entrykit("haproxy", environ=environ).returncode == 0
    before = contents(environ["CONFIG_DIR"])
    own = written(tmp_path / "own", {"haproxy.cfg.j2": HAPROXY.replace("queue", "queeue")})

    done = entrykit("haproxy", environ=environ | {"ENTRYKIT_TEMPLATES": str(own)})

    assert done.returncode == 65
    assert "'timeout'" in done.stderr
    assert contents(environ["CONFIG_DIR"]) == before


def test_a_broken_template_ends_a_start_with_70_and_the_old_files_stay(tmp_path, search_path):
    environ = edge_environ(tmp_path / "config", search_path) | {"ENTRYKIT_UPSTREAM": "/bin/true"}
    assert entrykit("haproxy", environ=environ).returncode == 0
    before = contents(environ["CONFIG_DIR"])
    broken = HAPROXY.replace("settings.health_port", "nosuch")
    own = written(tmp_path / "own", {"haproxy.cfg.j2": broken})

    done = entrykit("haproxy", environ=environ | {"ENTRYKIT_TEMPLATES": str(own)})

    assert done.returncode == 70
    assert done.stderr == f"entrykit: error: {own}/haproxy.cfg.j2:8: 'nosuch' is undefined\n"
    assert contents(environ["CONFIG_DIR"]) == before


@pytest.mark.versions
def test_nginx_accepts_a_changed_block(tmp_path):
    own = written(tmp_path / "own", {"nginx.conf.j2": NGINX})
    words = ["-e", "DOMAINS=a.test", "-e", "BIND=127.0.0.1", "-e", f"ENTRYKIT_TEMPLATES={own}"]
    path = f"{os.path.dirname(under_test('nginx'))}:/usr/bin:/bin"

    done = entrykit("check", "nginx-static", *words, environ={"PATH": path})

    assert done.returncode == 0, done.stderr


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.is_file()}
