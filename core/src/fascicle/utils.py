"""Small helps under the names by which older pipelines call them."""

from __future__ import annotations

from collections.abc import Sequence

from fascicle.model.names import from_camel_case, to_camel_case

__all__ = ["from_camel_case", "to_camel_case", "user_choice"]


def user_choice(prompt: str, choices: Sequence[str] = ("yes", "no"), default: str | None = None) -> str:
    """Ask the person at the terminal until one of the choices is given.

    Parameters
    ----------
    prompt : str
    choices : sequence of str
    default : str, optional
        What an empty answer means.

    Returns
    -------
    str
        One of `choices`.

    Raises
    ------
    EOFError
        If nobody is there to answer.
    """
    shown = ", ".join(choice.title() if choice == default else choice for choice in choices)
    while True:
        answer = input(f"{prompt} [{shown}]: ").strip().lower() or (default or "")
        if answer in choices:
            return answer
