"""Did you mean: the names nearest to a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return up to `count` known names close to `name`, the nearest first."""
    from difflib import get_close_matches  # needed for errors only

    folded = {candidate.lower(): candidate for candidate in known}
    return [folded[match] for match in get_close_matches(name.lower(), list(folded), n=count, cutoff=0.6)]
