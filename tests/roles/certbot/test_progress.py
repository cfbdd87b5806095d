"""How far it is."""

from __future__ import annotations

from io import StringIO

from entrykit.log import Log
from entrykit.roles.certbot.keeper.progress import Bar, Progress


class Screen(StringIO):
    """A terminal of one line, as far as it matters: what a person sees in the end."""

    def isatty(self):
        return True

    @property
    def seen(self):
        lines = self.getvalue().split("\n")
        return [line.rpartition("\r\x1b[K")[2] for line in lines]


def test_in_a_log_it_is_a_line_where_it_changes():
    said = StringIO()
    progress = Progress(Log(said))

    for done in (0, 0, 2, 2, 3):
        progress.report(done, 3)

    assert said.getvalue().splitlines() == [
        f"entrykit: {done} of 3 names have a certificate" for done in (0, 2, 3)
    ]


def test_in_a_terminal_a_bar_stays_below_the_last_line_until_all_is_done():
    screen = Screen()
    bar = Bar(screen)
    log = Log(bar)
    progress = Progress(log, bar)

    progress.report(1, 2)
    log.info("a line")

    assert screen.seen == [
        "entrykit: 1 of 2 names have a certificate",
        "entrykit: a line",
        "[###############...............] 1 of 2 names",
    ]
    progress.report(2, 2)
    assert screen.seen[-1] == ""
