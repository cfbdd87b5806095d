"""From settings to files: the templates of a small role that only lives here."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from small import SmallHostFacts, SmallSettings, rendered, small_role, with_files

from entrykit.discovery.finder import load_role
from entrykit.errors import RenderError
from entrykit.files.config_file import MARK, MARKS, PRIVATE, PUBLIC
from entrykit.quoting.haproxy import quote_haproxy
from entrykit.quoting.json import quote_json
from entrykit.rendering.role_files import render
from entrykit.variables.secret import MASK, WholeFile


@pytest.fixture
def files(tmp_path):
    """A function from templates by their names, and variables, to the files."""

    def files(templates, facts=None, **variables):
        return rendered(tmp_path, templates, variables, facts)

    return files


@pytest.fixture
def text(files):
    """A function from one template and variables to what is below the mark."""

    def text(template, **variables):
        found = files({"main.cfg.j2": template}, **variables)["main.cfg"].text
        mark, _, rest = found.partition("\n")
        assert mark.startswith(MARK)
        return rest

    return text


def test_each_template_is_a_file_and_the_main_one_is_the_last(files):
    """A name that begins with _ is a part of others; what is no template is nothing."""
    templates = {
        "z.cfg.j2": "z\n", "main.cfg.j2": '{% include "_part.cfg.j2" %}', "a.cfg.j2": "a\n",
        "_part.cfg.j2": "part\n", "README.md": "no", "b.cfg": "no",
    }  # fmt: skip

    found = files(templates)

    assert list(found) == ["a.cfg", "z.cfg", "main.cfg"]
    assert [file.path for file in found.values()] == list(found)
    assert found["main.cfg"].text.endswith("\npart\n")


def test_the_first_line_says_whose_the_file_is(files):
    first = files({"main.cfg.j2": "x\n"})["main.cfg"].text.splitlines()[0]

    says = "from the variables of its role small: edits are lost at the next start."
    assert first == f"{MARK} {says}"


def test_equal_settings_give_equal_bytes(files):
    template = {
        "main.cfg.j2": "{{ settings.word }} {% for n in settings.names %}{{ n }}{% endfor %}"
    }

    data = [files(template, WORD="é", NAMES="::1,10.0.0.1")["main.cfg"].octets for _ in range(2)]

    assert data[0] == data[1]
    assert "é".encode() in data[0]


def test_lines_of_blocks_leave_no_trace(text):
    template = "a\n    {% if settings.switch %}\n  b\n    {% endif %}\nc\n"

    assert text(template) == "a\n  b\nc\n"
    assert text(template, SWITCH="off") == "a\nc\n"


# quoting


@pytest.mark.parametrize(
    "expression",
    [
        "{{ settings.word }}",
        "{{ settings.word | trim }}",
        "{{ settings['word'] }}",
        "{% set word = settings.word %}{{ word }}",
        "{% for word in [settings.word] %}{{ word }}{% endfor %}",
        "{% with word = settings.word %}{{ word }}{% endwith %}",
        '{{ settings.word ~ "" }}',
        "{{ '%s' | format(settings.word) }}",
        "{{ settings.word | safe }}",
        "{{ settings.word | string }}",
        "{{ settings.routes.key }}",
        '{% include "_part.cfg.j2" %}',
        "{% block a %}{{ settings.word }}{% endblock %}",
        "{% filter trim %}{{ settings.word }}{% endfilter %}",
        "{% macro m() %}{{ settings.word }}{% endmacro %}{{ m() }}",
    ],
)
def test_no_way_to_write_a_value_forgets_its_quotes(files, expression):
    """Quoting is what the environment does with every expression, not what a template asks for."""
    templates = {"main.cfg.j2": f"{expression}\n", "_part.cfg.j2": "{{ settings.word }}"}

    found = files(templates, WORD="a b # it's")["main.cfg"].text.splitlines()[1]

    assert found in {quote_haproxy("a b # it's"), quote_haproxy(quote_haproxy("a b # it's"))}


@pytest.mark.parametrize("expression", ["{{ settings.extra | trim }}", "{{ settings.extra ~ '' }}",
                                        "{{ settings.extra.upper() }}"])  # fmt: skip
def test_what_is_made_of_a_snippet_is_no_snippet(text, expression):
    assert text(expression, EXTRA="a 'b").upper() == quote_haproxy("a 'b").upper()


def test_a_snippet_is_written_as_it_is_between_two_comments(text):
    lines = "    acl a path /\n  # it's {{ settings.word }}"

    written = text("{{ settings.extra }}\n", EXTRA=f"\n{lines}\n")

    assert written == f"# Raw lines of a variable:\n{lines}\n# End of the raw lines.\n"


def test_the_name_of_a_file_decides_how_it_is_quoted(files):
    found = files({"a.map.j2": "{{ settings.routes }}\n", "main.cfg.j2": "x\n"}, WORD="a b")

    assert found["a.map"].text.endswith("\nkey a b\n")


def test_what_a_format_cannot_say_is_said_with_its_place(files):
    with pytest.raises(RenderError) as caught:
        files({"a.map.j2": "# a\n{{ settings.routes }}\n"}, WORD=" ")

    assert str(caught.value) == 'a.map.j2:2: " ": a map file cannot hold it'


# secrets


@pytest.mark.parametrize(
    ("template", "mode"),
    [
        ("{{ settings.word }}", PUBLIC),
        ("{{ settings.password }}", PRIVATE),
        ("{{ settings.extra }}", PRIVATE),
        ("{% if settings.password %}yes{% endif %}", PRIVATE),
        ("{{ settings.extra | length }}", PRIVATE),
        ("{{ settings.extra ~ '' }}", PRIVATE),
        ("{% if settings.extra == 'lines' %}{% endif %}", PRIVATE),
        ("{% for each in settings.extra | list %}{% endfor %}", PRIVATE),
        ("{{ 'x' if settings['password'] }}", PRIVATE),
        ("{{ 'x' if settings | attr('extra') }}", PRIVATE),
        ("{{ [settings] | map(attribute='extra') | join }}", PRIVATE),
        ("{{ '{0.extra}'.format(settings) }}", PRIVATE),
        ('{% include "_part.cfg.j2" %}', PRIVATE),
        ("{% for x in [settings.password] %}{{ x }}{% endfor %}", PRIVATE),
    ],
)
def test_a_secret_inside_makes_the_file_private(files, template, mode):
    """0640, and only that file: also where it was only looked at, for one bit of it is too much."""
    templates = {
        "main.cfg.j2": template,
        "a.cfg.j2": "a",
        "_part.cfg.j2": "{{ settings.password }}",
    }

    found = files(templates, PASSWORD="hunter2", EXTRA="lines")

    assert (found["main.cfg"].mode, found["a.cfg"].mode) == (mode, PUBLIC)


def test_no_snippet_is_no_secret(files):
    assert files({"main.cfg.j2": "{{ settings.extra }}"})["main.cfg"].mode == PUBLIC


@pytest.mark.parametrize(
    "expression",
    ["{{ settings.password ~ '' }}", "{{ '%s' | format(settings.password) }}",
     "{{ [settings.password] | join(',') }}", "{{ settings.password | string }}"],
)  # fmt: skip
def test_a_secret_that_is_handled_as_text_is_masked(text, expression):
    """A file with a mask in it does not work; one that leaks does."""
    assert text(expression, PASSWORD="hunter2").strip("'") == MASK


def test_no_error_shows_a_secret(files):
    for expression in ("{{ settings.password.nosuch }}", "{{ settings.password | nosuch }}"):
        with pytest.raises(RenderError) as caught:
            files({"main.cfg.j2": expression}, PASSWORD="hunter2")
        assert "hunter2" not in str(caught.value)


# the host


def test_a_template_sees_what_was_observed_of_the_machine(files):
    """The facts of an ordinary host by default: offline the result is the same everywhere."""
    template = {"main.cfg.j2": "{{ host.cores }}\n"}

    assert files(template)["main.cfg"].text.endswith("\n1\n")
    assert files(template, SmallHostFacts(cores=64))["main.cfg"].text.endswith("\n64\n")


def test_every_role_can_be_rendered_from_what_its_reference_shows():
    role = load_role("haproxy")
    example = role.settings.model_fields["domains"].examples[0]

    found = render(role, role.settings.from_environ({"DOMAINS": example}))

    assert list(found)[-1] == role.files.main
    assert {file.mode for file in found.values()} == {PUBLIC}


def test_a_json_file_is_json_with_its_mark_inside(tmp_path):
    (tmp_path / "a.json.j2").write_text('{"a": [1]}\n')
    (tmp_path / "b.json.j2").write_text("{}\n")
    role = with_files(small_role(tmp_path), quoting={".json": quote_json})

    files = render(role, SmallSettings.from_environ({}))

    assert files["a.json"].octets.startswith(MARKS)
    assert [json.loads(file.text).keys() - {"written_by"} for file in files.values()] == [
        {"a"},
        set(),
    ]


def test_a_whole_file_of_the_users_is_written_as_it_is_and_others_cannot_read_it(tmp_path):
    role = replace(small_role(tmp_path), facts=Owning)
    (tmp_path / "main.cfg.j2").write_text("{{ host.whole }}\n")

    file = render(role, SmallSettings.from_environ({}))["main.cfg"]

    assert (file.text, file.mode) == ("# mine\n{{ word }} 'x\n", PRIVATE)


class Owning(SmallHostFacts):
    """A host whose only fact is a whole file."""

    whole = WholeFile("# mine\n{{ word }} 'x")


class Derived(SmallSettings):
    """Settings with a text that is made of a secret."""

    @property
    def login(self):
        return f"user:{self.password.reveal()}" if self.password else "nobody"


@pytest.mark.parametrize(("given", "mode"), [({"PASSWORD": "hunter2"}, PRIVATE), ({}, PUBLIC)])
def test_a_file_is_private_where_a_property_reveals_a_secret(tmp_path, given, mode):
    (tmp_path / "main.cfg.j2").write_text("{{ settings.login }}\n")
    role = replace(small_role(tmp_path), settings=Derived)

    assert render(role, role.read_settings(given))["main.cfg"].mode == mode


def test_a_role_may_leave_a_file_out(tmp_path):
    for name in ("main.cfg", "other.cfg"):
        (tmp_path / f"{name}.j2").write_text("text\n")
    role = with_files(small_role(tmp_path), include=lambda _settings, path: path == "main.cfg")

    assert list(render(role, SmallSettings.from_environ({}))) == ["main.cfg"]
