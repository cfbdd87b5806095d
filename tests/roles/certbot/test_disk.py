"""Changes to files that are whole at every moment."""

from __future__ import annotations

import subprocess
import sys

FULL = """
import resource, sys
from entrykit.files.fs import write_file
resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))  # write(2) fails as on a full disk
try:
    write_file(sys.argv[1], b"several octets", 0o600)
except OSError as error:
    print(error.filename)
"""


def test_a_write_that_fails_names_the_file_and_leaves_what_was_there(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"before")

    argv = [sys.executable, "-c", FULL, str(file)]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout

    assert said == f"{file}\n"
    assert file.read_bytes() == b"before"
    assert [*tmp_path.iterdir()] == [file]
