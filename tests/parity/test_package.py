"""The package's own names, settings and errors."""

from __future__ import annotations

import inspect
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fascicle as dj
from fascicle import _default
from tests.parity import published, registry


@pytest.mark.parity(
    "dj.__version__",
    "dj.__author__",
    "dj.logger",
    "dj.MatCell",
    "dj.MatStruct",
    "dj.errors",
    "dj.DataJointError",
    "dj.config",
)
def test_names(lab: Any) -> None:
    assert dj.__version__[0].isdigit()
    assert dj.__author__
    assert isinstance(dj.logger, logging.Logger)
    assert dj.DataJointError is dj.errors.DataJointError is dj.FascicleError
    assert issubclass(dj.MatCell, np.ndarray)
    assert issubclass(dj.MatStruct, np.recarray)
    assert dj.config["safemode"] is False
    with pytest.raises(dj.DataJointError):
        lab.Session.fetch1()
    from fascicle import config  # as programs write it

    assert config is dj.config
    with pytest.raises(AttributeError):
        dj.config = {}


def test_every_published_name_is_in_the_registry() -> None:
    names = registry.load()
    missing = [name for name in published.published_names() if not registry.covers(names, name)]
    assert not missing


@pytest.mark.parity(
    "errors.DataJointError",
    "errors.LostConnectionError",
    "errors.QueryError",
    "errors.QuerySyntaxError",
    "errors.AccessError",
    "errors.MissingTableError",
    "errors.DuplicateError",
    "errors.IntegrityError",
    "errors.UnknownAttributeError",
    "errors.MissingAttributeError",
    "errors.MissingExternalFile",
    "errors.BucketInaccessible",
    "DataJointError.suggest",
)
def test_errors(lab: Any, backend: Any) -> None:
    theirs = published.package().errors

    for name, error in vars(theirs).items():
        if inspect.isclass(error) and issubclass(error, Exception):
            ours = getattr(dj.errors, name)
            assert issubclass(ours, dj.DataJointError)
            for base in error.__mro__[1:]:
                if base.__module__ == theirs.__name__:
                    assert issubclass(ours, getattr(dj.errors, base.__name__)), (name, base)
    cases = {
        dj.errors.QuerySyntaxError: lambda: lab.Session & "weight >",
        dj.errors.UnknownAttributeError: lambda: lab.Session & "wieght > 1",
        dj.errors.MissingAttributeError: lambda: lab.Session.insert1({"subject_id": 1, "session_id": 9}),
        dj.errors.DuplicateError: lambda: lab.Subject.insert1({"subject_id": 1, "species": "rat"}),
        dj.errors.IntegrityError: lambda: lab.Subject.insert1({"subject_id": 9, "species": "dragon"}),
        dj.errors.MissingTableError: lambda: lab.schema["Nothing"],
    }
    for kind, action in cases.items():
        with pytest.raises(kind) as caught:
            action()
        assert isinstance(caught.value, dj.DataJointError)
        if issubclass(kind, dj.errors.QueryError):
            assert isinstance(caught.value, dj.errors.QueryError)
    assert "try again" in str(caught.value.suggest("try again"))


@pytest.mark.parity("errors: refused or unreachable")
def test_connections_refused(backend: Any) -> None:
    if backend.name == "sqlite":
        with pytest.raises(dj.DataJointError):
            dj.connect("sqlite:////nowhere/at/all/lab.db")
        return
    with pytest.raises(dj.errors.AccessError):
        backend.connect(password="wrong")
    with pytest.raises(dj.errors.LostConnectionError):
        backend.connect(host="127.0.0.1", port=9)


NAMES = [
    name
    for name in registry.load()
    if name.startswith("config.") and name.count(".") == 2 and name != "config.a.b"
]
PLAIN = [
    "config.loglevel",
    "config.safemode",
    "config.ignore_config_file",
    "config.query_cache",
    "config.download_path",
]


@pytest.mark.parity("config['a.b']", "config.a.b", "config.stores", "config: unknown names", *NAMES, *PLAIN)
def test_settings(settings: dj.Config) -> None:
    for name in (*NAMES, *PLAIN):
        setting = name.removeprefix("config.")
        value = dj.config[setting]
        found: Any = dj.config
        for part in setting.split("."):
            found = getattr(found, part)
        assert found == value
        dj.config[setting] = value
        assert dj.config[setting] == value
    dj.config.display.limit = 7
    assert dj.config["display.limit"] == 7
    dj.config["stores"] = {"default": "main", "main": {"protocol": "file", "location": "/data"}}
    assert dj.config.stores["main"]["location"] == "/data"
    dj.config["stores.main.location"] = "/other"
    assert dj.config["stores"]["main"]["location"] == "/other"
    with pytest.raises(dj.DataJointError, match="display"):
        dj.config["display.limits"] = 3
    with pytest.raises(KeyError):
        dj.config["nothing_at_all"]


@pytest.mark.parity("config.override", "config.get", "config.get(default=)", "config['custom']")
def test_overriding(settings: dj.Config) -> None:
    with dj.config.override(safemode=True, display__limit=3):
        assert dj.config.safemode is True
        assert dj.config["display.limit"] == 3
    assert dj.config.safemode is False
    assert dj.config.get("display.limit") == 12
    assert dj.config.get("nothing", default=5) == 5
    dj.config["custom"] = {"database.prefix": "lab_"}
    assert dj.config["custom"].get("database.prefix", "") == "lab_"
    dj.config["custom"]["root"] = "/data"
    assert dj.config["custom"]["root"] == "/data"


@pytest.mark.parity(
    "DJ_* environment variables",
    "datajoint.json",
    ".secrets",
    "config.load",
    "config.save_template",
    "config.save_local",
    "config.save_global",
)
def test_sources(backend: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "project"
    (place / ".secrets").mkdir(parents=True)
    (place / "datajoint.json").write_text(
        json.dumps({"display": {"limit": 4}, "database": {"url": backend.url}})
    )
    (place / ".secrets" / "database.password").write_text("hidden\n")
    config = dj.Config(place, environ={"DJ_USER": "me", "DJ_PORT": "3307"})
    assert config["display.limit"] == 4
    assert (config["database.user"], config["database.port"]) == ("me", 3307)
    assert config["database.password"] == "hidden"
    assert "hidden" not in repr(config)
    token = _default.use(_default.Default(config))
    try:
        assert dj.conn().is_connected
        dj.conn().close()
        other = tmp_path / "other.json"
        other.write_text(json.dumps({"display": {"limit": 9}}))
        dj.config.load(other)
        assert dj.config["display.limit"] == 9
        assert dj.config.save_template(tmp_path / "datajoint.json", create_secrets_dir=False).exists()
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
        for saved in (dj.config.save_local(), dj.config.save_global()):
            again = dj.Config(read_files=False, environ={})
            again.load(saved)
            assert again["display.limit"] == 9
    finally:
        _default.restore(token)
