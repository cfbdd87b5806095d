"""Templates that are broken, or that want more than they may."""

from __future__ import annotations

import re

import pytest
from small import rendered

from entrykit.errors import RenderError

BROKEN = [
    ("{{ nosuch }}", "main.cfg.j2:3", "'nosuch' is undefined"),
    ("{{ settings.nosuch }}", "main.cfg.j2:3", "settings has no attribute 'nosuch'"),
    ("{{ settings['nosuch'] }}", "main.cfg.j2:3", "settings has no attribute 'nosuch'"),
    ("{{ settings[0] }}", "main.cfg.j2:3", "settings has no element 0"),
    ("{{ settings.nosuch.more }}", "main.cfg.j2:3", "settings has no attribute 'nosuch'"),
    ("{{ settings.__dict__ }}", "main.cfg.j2:3", "settings has no attribute '__dict__'"),
    ("{{ settings.__class__ }}", "main.cfg.j2:3", "attribute '__class__' of settings is unsafe"),
    ("{{ settings() }}", "main.cfg.j2:3", "settings is not callable"),
    ("{% for x in settings %}{% endfor %}", "main.cfg.j2:3", "settings is not iterable"),
    ("{{ settings.routes['nosuch'] }}", "main.cfg.j2:3", "has no attribute 'nosuch'"),
    ("{{ host.nosuch }}", "main.cfg.j2:3", "host has no attribute 'nosuch'"),
    ("{% if nosuch %}{% endif %}", "main.cfg.j2:3", "'nosuch' is undefined"),
    ("{% for x in nosuch %}{% endfor %}", "main.cfg.j2:3", "'nosuch' is undefined"),
    ("{% if settings.switch %}", "main.cfg.j2:", "Unexpected end of template"),
    ("{{ settings.word", "main.cfg.j2:4", "expected token 'end of print statement'"),
    ("{{ 1 + }}", "main.cfg.j2:3", "unexpected 'end of print statement'"),
    ("{% nosuch %}", "main.cfg.j2:3", "unknown tag 'nosuch'"),
    ("{{ settings.word | nosuch }}", "main.cfg.j2:3", "No filter named 'nosuch'"),
    ('{% include "nosuch.j2" %}', "main.cfg.j2:3", "nosuch.j2"),
    ('{% include "_broken.cfg.j2" %}', "_broken.cfg.j2:2", "'nosuch' is undefined"),
    ('{% include "_odd.cfg.j2" %}', "_odd.cfg.j2:2", "unknown tag 'odd'"),
    ("{{ settings.names[0].nosuch }}", "main.cfg.j2:3", "has no element 0"),
    ("{{ 1.5 }}", "main.cfg.j2:3", "float: not a text or a number"),
    ("{{ settings.switch }}", "main.cfg.j2:3", "bool: not a text or a number"),
    ("{{ settings.password }}", "main.cfg.j2:3", "NoneType: not a text or a number"),
]


@pytest.mark.parametrize(("line", "place", "reason"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_broken_template_is_said_with_its_place(tmp_path, line, place, reason):
    """The template and the line, also of one that is included; exit code 70 and no traceback."""
    templates = {
        "main.cfg.j2": f"first\nsecond\n{line}\nfourth\n",
        "_broken.cfg.j2": "first\n{{ nosuch }}\n",
        "_odd.cfg.j2": "first\n{% odd %}\n",
    }

    with pytest.raises(RenderError) as caught:
        rendered(tmp_path, templates, {})

    assert caught.value.place.startswith(place)
    assert re.fullmatch(r"[\w.]+:\d+", caught.value.place)
    assert reason in caught.value.reason
    assert caught.value.exit_code == 70


def test_a_misuse_is_reported_in_full_after_a_secret_was_read(tmp_path):
    """Its message holds nothing but the object's name; other errors may quote the secret."""
    template = "{{ settings.password }}{{ settings() }}"

    with pytest.raises(RenderError) as caught:
        rendered(tmp_path, {"main.cfg.j2": template}, {"PASSWORD": "hunter22"})

    assert caught.value.reason == "settings is not callable"


def test_an_attribute_that_does_not_exist_can_have_a_default(tmp_path):
    template = (
        "{{ settings.nosuch | default('a') }}{{ 'b' if settings.nosuch is defined else 'c' }}"
    )

    files = rendered(tmp_path, {"main.cfg.j2": template}, {})

    assert files["main.cfg"].text.endswith("ac")


@pytest.mark.parametrize(
    "expression",
    [
        "{{ ''.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ ''['__class__'] }}",
        "{{ settings.__class__.__mro__ }}",
        "{{ settings.from_environ.__globals__ }}",
        "{{ ('' | attr('__class__')).__mro__ }}",
        "{{ self.__init__.__globals__ }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ settings.routes.update({'a': 'b'}) }}",
    ],
)
def test_a_template_cannot_leave_its_sandbox(tmp_path, expression):
    with pytest.raises(RenderError):
        rendered(tmp_path, {"main.cfg.j2": expression}, {})
