"""Type checkers are content with what users write, and an editor completes it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.tree import ROOT

SAMPLE = ROOT / "tests" / "typing" / "sample.py"
TOOLS = Path(sys.executable).parent


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def pyright() -> str:
    """Return the program; it brings a JavaScript engine that does not run everywhere."""
    program = str(TOOLS / "basedpyright")
    done = run(program, "--version")
    if done.returncode != 0:
        pytest.skip(f"basedpyright does not run here: {done.stderr.strip()[:200]}")
    return program


def test_pyright_is_content_with_the_samples(pyright: str) -> None:
    done = run(pyright, str(SAMPLE), "workflows")
    assert done.returncode == 0, done.stdout


def test_pyright_sees_mistakes(pyright: str, tmp_path: Path) -> None:
    """A check that finds nothing wrong anywhere would prove nothing."""
    wrong = SAMPLE.read_text("utf-8").replace(
        'Session.update1({**key, "weight": 20.0})', "Session.update1(3)"
    )
    copy = tmp_path / "wrong.py"
    copy.write_text(wrong, "utf-8")
    done = run(pyright, str(copy))
    assert done.returncode == 1, done.stdout
    assert "Mapping[str, Any]" in done.stdout


def test_mypy_is_content_with_the_sample(tmp_path: Path) -> None:
    done = run(sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path), str(SAMPLE))
    assert done.returncode == 0, done.stdout


class Editor:
    """The least of an editor: opens a text and asks the language server to complete it."""

    def __init__(self) -> None:
        command = [str(TOOLS / "basedpyright-langserver"), "--stdio"]
        self.server = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.number = 0
        root = ROOT.as_uri()
        folders = [{"uri": root, "name": "repository"}]
        self.ask(
            "initialize",
            processId=None,
            rootUri=root,
            capabilities={"workspace": {"configuration": True}},
            workspaceFolders=folders,
        )
        self.send(method="initialized", params={})

    def send(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.server.stdin is not None
        self.server.stdin.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self.server.stdin.flush()

    def read(self) -> dict[str, Any]:
        assert self.server.stdout is not None
        length = 0
        while line := self.server.stdout.readline().strip():
            name, _, value = line.decode().partition(":")
            length = int(value) if name.lower() == "content-length" else length
        return json.loads(self.server.stdout.read(length))

    def ask(self, method: str, **params: Any) -> Any:
        """Send a request and return its result, answering what the server asks meanwhile."""
        self.number += 1
        self.send(id=self.number, method=method, params=params)
        while True:
            message = self.read()
            if message.get("id") == self.number and "method" not in message:
                return message.get("result")
            if "id" in message and "method" in message:
                items = message.get("params", {}).get("items", ())
                self.send(id=message["id"], result=[{} for _ in items] or None)

    def complete(self, text: str) -> set[str]:
        """Return the names offered at the end of a text."""
        uri = (ROOT / "tests" / "typing" / f"_typed_{self.number}.py").as_uri()
        document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.send(method="textDocument/didOpen", params={"textDocument": document})
        lines = text.splitlines()
        position = {"line": len(lines) - 1, "character": len(lines[-1])}
        found = self.ask("textDocument/completion", textDocument={"uri": uri}, position=position)
        return {item["label"] for item in (found["items"] if isinstance(found, dict) else found or ())}

    def close(self) -> None:
        self.server.kill()
        self.server.communicate()


@pytest.fixture(scope="module")
def editor(pyright: str) -> Iterator[Editor]:
    editor = Editor()
    yield editor
    editor.close()


METHODS = {"insert1", "fetch1", "to_dicts", "proj", "aggr", "heading", "describe", "delete"}


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("Session.", METHODS | {"heaviest", "Trial"}),
        ("(Session & key).", METHODS | {"heaviest"}),
        ("(Session * Subject).", {"to_dicts", "proj", "fetch1"}),
        ("Session.Trial.", METHODS),
        ("Statistic.", {"populate", "progress", "key_source"}),
        ("schema.", {"activate", "drop", "list_tables"}),
        (
            "fc.",
            {"Manual", "Lookup", "Computed", "connect", "U", "Top", "Diagram", "DataJointError", "config"},
        ),
        ("fc.config.", {"override", "save_template"}),
        ("db.", {"transaction", "close", "query"}),
    ],
)
def test_an_editor_completes_names(editor: Editor, typed: str, offered: set[str]) -> None:
    found = editor.complete(SAMPLE.read_text("utf-8") + "\n" + typed)
    assert offered <= found, sorted(offered - found)
