"""The default answers where nobody is there."""

from __future__ import annotations

from fascicle.ports import HookRelay, Interaction, NoHooks, NonInteractive, Progress, SilentProgress


def test_nobody_agrees_and_nobody_listens(capsys):
    nobody = NonInteractive()
    assert isinstance(nobody, Interaction)
    assert nobody.is_present() is False
    assert nobody.confirm("delete everything") is False
    nobody.echo("hello")
    assert capsys.readouterr() == ("", "")
    assert isinstance(NoHooks(), HookRelay)
    assert NoHooks().call("before_delete", plan=1) == []


def test_silent_progress_counts():
    with NonInteractive().progress(3, "making") as progress:
        assert isinstance(progress, Progress)
        progress.advance()
        progress.advance(2, note="last")
    assert isinstance(progress, SilentProgress)
    assert (progress.done, progress.total) == (3, 3)
