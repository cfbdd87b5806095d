"""What certbot checks of its cases: equal files once."""

from __future__ import annotations


def pytest_collection_modifyitems(config, items):
    """Have certbot check equal files once: it takes long to start, and has equal ones in half.

    Of its cases' other file, of our keeper, it knows nothing.
    """
    kept, again, seen = [], [], set()
    for item in items:
        file = item.path.parent / "expected" / "entrykit.ini"
        text = file.read_bytes() if item.name == "check" and file.exists() else item
        (again if text in seen else kept).append(item)
        seen.add(text)
    config.hook.pytest_deselected(items=again)
    items[:] = kept
