"""Settings: precedence, access, overrides, files, secrets."""

from __future__ import annotations

import copy
import json
import pickle
import stat
import threading
import tomllib
from pathlib import Path

import pytest

from fascicle.config import SETTINGS, Config, SettingsWarning, UnknownSettingError
from fascicle.errors import ConfigError


@pytest.fixture
def project(tmp_path):
    """An empty repository."""
    (tmp_path / ".git").mkdir()
    return tmp_path


def config(directory: Path, **variables: str) -> Config:
    return Config(directory, environ={"HOME": str(directory / "home"), **variables})


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_precedence_of_the_sources(project):
    name = "database.user"
    secret = write(project / ".secrets" / name, "from-secret\n")
    settings = config(project)
    assert settings[name] == "from-secret"
    assert (settings.source_of(name).kind, settings.source_of(name).place) == ("secret", str(secret))
    file = write(project / "fascicle.toml", '[database]\nuser = "from-file"\n')
    settings = config(project)
    assert (settings[name], settings.source_of(name).place) == ("from-file", str(file))
    settings = config(project, FASCICLE_DATABASE_USER="from-environment")
    assert (settings[name], settings.source_of(name).place) == ("from-environment", "FASCICLE_DATABASE_USER")
    settings[name] = "from-program"
    assert (settings[name], settings.source_of(name).kind) == ("from-program", "runtime")
    with settings.override(database__user="from-override"):
        assert settings[name] == "from-override"
        assert settings.source_of(name).kind == "override"
    assert settings[name] == "from-program"
    del settings[name]
    assert settings[name] == "from-environment"


def test_defaults_and_ways_of_access(project):
    settings = config(project)
    assert settings.display.limit == settings["display.limit"] == settings["display"]["limit"] == 12
    assert settings.safemode is True
    assert settings.database.host is None
    settings.display.limit = 5
    settings["display"]["width"] = 9
    settings.safemode = False
    assert (settings["display.limit"], settings["display.width"], settings["safemode"]) == (5, 9, False)
    assert settings.get("nothing.here", 7) == 7
    assert "safemode" in settings
    assert "safe_mode" not in settings
    assert set(settings) == set(SETTINGS)
    assert len(settings) == len(SETTINGS)
    assert "limit" in dir(settings.display)
    assert "database" in dir(settings)
    settings.clear()
    assert settings.display.limit == 12
    with pytest.raises(ConfigError):
        settings.popitem()


@pytest.mark.parametrize(
    ("name", "hint"),
    [("database.hots", "'database.host'"), ("host", "'database.host'"), ("safe_mode", "'safemode'")],
)
def test_unknown_names_are_errors_that_name_the_nearest(project, name, hint):
    settings = config(project)
    for attempt in (
        lambda: settings[name],
        lambda: settings.__setitem__(name, "x"),
        lambda: settings.source_of(name),
    ):
        with pytest.raises(UnknownSettingError) as caught:
            attempt()
        assert hint in str(caught.value)
        assert isinstance(caught.value, KeyError)
    assert not hasattr(settings, "nothing")
    assert not hasattr(settings.database, "nothing")
    with pytest.raises(ConfigError), settings.override(no__such="x"):
        pass
    with pytest.raises(ConfigError):
        del settings["nothing"]
    assert pickle.loads(pickle.dumps(caught.value)).details == {"setting": name}


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("database.port", "3307", 3307),
        ("database.port", 3307, 3307),
        ("database.port", "", None),
        ("safemode", "false", False),
        ("safemode", "On", True),
        ("safemode", 0, False),
        ("database.use_tls", "true", True),
        ("database.use_tls", None, None),
        ("database.use_tls", {"ca": "x.pem"}, {"ca": "x.pem"}),
        ("database.use_tls", '{"ca": "x.pem"}', {"ca": "x.pem"}),
        ("loglevel", "debug", "DEBUG"),
        ("download_path", Path("a") / "b", str(Path("a") / "b")),
        ("jobs.version_method", "git", "git"),
        ("stores", '{"raw": {"protocol": "file"}}', {"raw": {"protocol": "file"}}),
    ],
)
def test_values_are_read(project, name, given, value):
    settings = config(project)
    settings[name] = given
    assert settings[name] == value
    assert type(settings[name]) is type(value) or isinstance(value, dict)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("database.port", "many"),
        ("database.port", 0),
        ("database.port", 70000),
        ("database.port", True),
        ("database.port", 1.5),
        ("safemode", "perhaps"),
        ("safemode", None),
        ("safemode", 2.0),
        ("loglevel", "LOUD"),
        ("display.limit", 0),
        ("database.host", 5),
        ("stores", "[]"),
        ("stores", "{"),
        ("stores", 3),
        ("download_path", 3),
    ],
)
def test_values_of_other_kinds_are_refused(project, name, given):
    settings = config(project)
    with pytest.raises(ConfigError, match=f"no value of the setting {name}"):
        settings[name] = given
    with pytest.raises(ConfigError):
        settings.override(**{name.replace(".", "__"): given}).__enter__()


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("FASCICLE_DATABASE_URL", "sqlite:///lab.db", "database.url", "sqlite:///lab.db"),
        ("FASCICLE_DATABASE__PORT", "5433", "database.port", 5433),
        ("DJ_HOST", "db.lab", "database.host", "db.lab"),
        ("DJ_USER", "ana", "database.user", "ana"),
        ("DJ_PASS", "pw", "database.password", "pw"),
        ("DJ_PORT", "3307", "database.port", 3307),
        ("DJ_BACKEND", "postgresql", "database.backend", "postgresql"),
        ("DJ_DATABASE_NAME", "lab", "database.name", "lab"),
        ("DJ_DATABASE_PREFIX", "lab_", "database.database_prefix", "lab_"),
        ("DJ_CREATE_TABLES", "false", "database.create_tables", False),
        ("DJ_USE_TLS", "true", "database.use_tls", True),
        ("DJ_LOG_LEVEL", "warning", "loglevel", "WARNING"),
        ("DJ_LOG_STREAM", "stdout", "log_stream", "stdout"),
        ("DJ_JOBS_STALE_TIMEOUT", "60", "jobs.stale_timeout", 60),
        ("DJ_JOBS_KEEP_COMPLETED", "1", "jobs.keep_completed", True),
        ("DJ_PROVENANCE_CAPTURE", "true", "provenance.capture", True),
        ("DJ_PROVENANCE_SOURCE", '{"system": "x"}', "provenance.source", {"system": "x"}),
        ("DJ_STORES", '{"default": "raw"}', "stores", {"default": "raw"}),
        ("DJ_DIAGRAM_DIRECTION", "TB", "display.diagram_direction", "TB"),
        ("DJ_THREAD_SAFE", "1", "thread_safe", True),
    ],
)
def test_environment_variables(project, variable, text, name, value):
    settings = config(project, **{variable: text})
    assert settings[name] == value
    assert settings.source_of(name).place == variable


def test_own_variables_come_before_borrowed_ones(project):
    assert config(project, DJ_HOST="theirs", FASCICLE_DATABASE_HOST="ours").database.host == "ours"
    assert config(project, DJ_HOST="theirs", FASCICLE_DATABASE_HOST="").database.host == "theirs"


def test_every_setting_has_one_variable():
    variables = [variable for setting in SETTINGS.values() for variable in setting.variables]
    assert len(variables) == len(set(variables))


def test_misspelt_variables_are_pointed_out(project):
    with pytest.warns(SettingsWarning, match="did you mean FASCICLE_DATABASE_HOST"):
        config(project, FASCICLE_DATABASE_HOTS="x")
    config(project, FASCICLE_TEST_MYSQL="mysql://somewhere")
    with pytest.raises(ConfigError, match="FASCICLE_DATABASE_PORT") as caught:
        config(project, FASCICLE_DATABASE_PORT="x")
    assert "environment variable" in str(caught.value)


def test_files_are_searched_upwards_to_the_repository(project):
    inner = project / "a" / "b"
    inner.mkdir(parents=True)
    write(project.parent / "fascicle.toml", "safemode = false\n")
    assert config(inner).path is None
    found = write(project / "fascicle.toml", "[display]\nlimit = 3\n")
    assert (config(inner).path, config(inner).display.limit) == (found, 3)
    nearer = write(project / "a" / "datajoint.json", '{"display.limit": 4}')
    assert (config(inner).path, config(inner).display.limit) == (nearer, 4)
    (project.parent / "fascicle.toml").unlink()


def test_json_files_with_dotted_and_nested_names(project):
    data = {
        "database.host": "db",
        "database": {"port": 3307},
        "stores": {"default": "raw"},
        "stores.raw.protocol": "file",
        "custom": {"database.prefix": "lab_"},
        "jobs": {"stale_timeout": 9},
    }
    write(project / "datajoint.json", json.dumps(data))
    settings = config(project)
    assert (settings.database.host, settings.database.port, settings.jobs.stale_timeout) == ("db", 3307, 9)
    assert settings.stores == {"default": "raw", "raw": {"protocol": "file"}}
    assert settings["stores.raw.protocol"] == "file"
    assert settings["custom"]["database.prefix"] == settings["custom.database.prefix"] == "lab_"


def test_names_of_anybody_stay_readable_in_older_files(project):
    write(
        project / "dj_local_conf.json",
        '{"database.host": "db", "ephys_root_data_dir": "/data", "database.port": null}',
    )
    settings = config(project)
    assert settings["ephys_root_data_dir"] == "/data"
    assert "ephys_root_data_dir" in settings
    assert settings.source_of("ephys_root_data_dir").kind == "file"
    with pytest.raises(UnknownSettingError, match="did you mean 'ephys_root_data_dir'"):
        settings["ephys_root_dir"]


def test_unknown_names_in_files(project):
    write(project / "datajoint.json", '{"databse": {"host": "x"}}')
    with pytest.warns(SettingsWarning, match="databse"):
        config(project)
    path = write(project / "fascicle.toml", '[database]\nhots = "x"\n')
    with pytest.raises(UnknownSettingError, match=r"did you mean 'database\.host'") as caught:
        config(project)
    assert caught.value.where == str(path)


@pytest.mark.parametrize("text", ["[database", "[database]\nport = 'x'\n", "\udcff"])
def test_malformed_files_are_named(project, text):
    (project / "fascicle.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match=r"fascicle\.toml"):
        config(project)
    assert config(project, DJ_IGNORE_CONFIG_FILE="true").path is None
    assert Config(project, environ={}, read_files=False).path is None


def test_json_files_hold_an_object(project):
    write(project / "datajoint.json", "[1]")
    with pytest.raises(ConfigError, match="no table"):
        config(project)


def test_the_users_own_file_is_read_last(project):
    write(project / "home" / ".datajoint_config.json", '{"display.limit": 7, "display.width": 7}')
    assert config(project).display.limit == 7
    write(project / "home" / ".config" / "fascicle" / "fascicle.toml", "[display]\nlimit = 8\n")
    assert (config(project).display.limit, config(project).display.width) == (8, 14)
    write(project / "fascicle.toml", "[display]\nlimit = 9\n")
    assert config(project).display.limit == 9


def test_secrets_of_stores_fill_what_is_missing(project):
    write(project / "fascicle.toml", '[stores.raw]\nprotocol = "s3"\naccess_key = "given"\n')
    for name in ("stores.raw.access_key", "stores.raw.secret_key", "stores.other.secret_key"):
        write(project / ".secrets" / name, "hush")
    write(project / ".secrets" / "unrelated", "x")
    settings = config(project)
    assert settings.stores["raw"] == {"protocol": "s3", "access_key": "given", "secret_key": "hush"}
    assert settings["stores.other.secret_key"] == "hush"


def test_nothing_printed_shows_a_secret(project):
    write(project / "fascicle.toml", '[stores.raw]\nsecret_key = "hush1"\nbucket = "b"\n')
    settings = config(
        project,
        DJ_PASS="hush2",
        FASCICLE_DATABASE_URL="mysql://ana:hush3:h@ush3@db/x?ssl_password=hush4&a=b",
    )
    with settings.override(custom__api_token="hush5"):
        printed = [repr(settings), repr(settings.database), repr(settings.stores), repr(settings["custom"])]
        printed += [str(origin) for origin in settings.sources()]
        text = "\n".join(printed)
    assert "hush" not in text
    assert "mysql://ana:***@db/x?ssl_password=***&a=b" in text
    assert "'bucket': 'b'" in text
    assert settings.database.password == "hush2"
    with pytest.raises(ConfigError) as caught:
        settings["database.password"] = ["hush6"]
    assert "hush" not in str(caught.value)


def test_free_form_tables_keep_what_programs_write(project):
    settings = config(project)
    settings["custom"]["root"] = "/data"
    settings["custom.a.b"] = 1
    settings.stores["raw"] = {"protocol": "file"}
    settings["stores.raw.location"] = "/x"
    settings.stores.update(default="raw")
    assert settings.custom == {"root": "/data", "a": {"b": 1}}
    assert settings.stores == {"raw": {"protocol": "file", "location": "/x"}, "default": "raw"}
    assert SETTINGS["custom"].default == {}
    assert settings.source_of("custom").kind == "runtime"
    with settings.override(custom__root="/other", stores={}):
        assert settings["custom"] == {"root": "/other", "a": {"b": 1}}
        assert settings.stores == {}
    assert settings["custom.root"] == "/data"
    settings["custom"] = {"only": 1}
    assert settings["custom"] == {"only": 1}
    with pytest.raises(UnknownSettingError):
        settings["custom.nothing"]


def test_overrides_nest_and_end_with_errors(project):
    settings = config(project)
    with settings(display__limit=1), settings.override(display__width=2, display__limit=3) as same:
        assert same is settings
        assert (settings.display.limit, settings.display.width) == (3, 2)
    with pytest.raises(RuntimeError), settings.override(safemode=False):
        raise RuntimeError
    assert (settings.display.limit, settings.display.width, settings.safemode) == (12, 14, True)


def test_overrides_of_one_thread_are_unseen_by_others(project):
    settings = config(project)
    inside, seen = threading.Barrier(2), {}

    def work(limit: int) -> None:
        with settings.override(display__limit=limit):
            inside.wait(5)
            seen[limit] = settings.display.limit
            inside.wait(5)

    threads = [threading.Thread(target=work, args=(limit,)) for limit in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {1: 1, 2: 2}
    assert settings.display.limit == 12


def test_values_may_be_given_at_once(project):
    settings = Config(project, environ={}, database__host="db", safemode=False)
    assert (settings.database.host, settings.safemode) == ("db", False)
    settings.update({"display.limit": 2})
    assert settings.display.limit == 2


@pytest.mark.parametrize("name", ["fascicle.toml", "saved.json"])
def test_saved_settings_are_read_again_and_secrets_lie_apart(project, name):
    settings = config(project, DJ_HOST="environment")
    settings["database.user"] = 'a"n\\a\x7fé'
    settings["database.password"] = "hush"
    settings["database.url"] = "mysql://ana@db"
    settings["display.limit"] = 3
    settings["safemode"] = False
    settings["custom"] = {"database.prefix": "p_", "list": [1, "x", {"k": 1.5}], "none": None}
    settings.stores["raw"] = {"protocol": "s3", "secret_key": "hush"}
    path = settings.save(project / "sub" / name)
    assert "hush" not in path.read_text()
    secret = path.parent / ".secrets" / "database.password"
    assert secret.read_text() == "hush"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert "*" in (path.parent / ".secrets" / ".gitignore").read_text().split()
    again = config(path.parent)
    if path.suffix == ".json":
        again.load(path)
    assert again["database.user"] == 'a"n\\a\x7fé'
    assert again.database.password == "hush"
    assert (again.database.host, again.display.limit, again.safemode) == (None, 3, False)
    assert again["custom"]["list"] == [1, "x", {"k": 1.5}]
    assert again["custom"]["database.prefix"] == "p_"
    assert again.stores == {"raw": {"protocol": "s3", "secret_key": "hush"}}


def test_urls_with_passwords_are_secrets(project):
    settings = config(project)
    settings["database.url"] = "mysql://ana:hush@db"
    path = settings.save(project / "fascicle.toml")
    assert "hush" not in path.read_text()
    assert config(project)["database.url"] == "mysql://ana:hush@db"


def test_secrets_whose_names_lead_elsewhere_are_refused(project):
    settings = config(project)
    settings.stores["../../x"] = {"secret_key": "hush"}
    with pytest.raises(ConfigError, match="cannot name a file"):
        settings.save(project / "fascicle.toml")


def test_saving_here_and_for_the_user(project, monkeypatch):
    monkeypatch.chdir(project)
    monkeypatch.setenv("HOME", str(project / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    settings = config(project)
    settings.display.limit = 4
    assert settings.save_local() == Path("fascicle.toml")
    assert config(project).display.limit == 4
    Path("fascicle.toml").unlink()
    settings.save_global()
    assert config(project).display.limit == 4


def test_loading(project, monkeypatch):
    monkeypatch.chdir(project)
    settings = config(project, DJ_HOST="environment")
    with pytest.raises(ConfigError, match="no settings file"):
        settings.load()
    with pytest.raises(ConfigError, match="cannot be read"):
        settings.load("nowhere.json")
    write(
        project / "dj_local_conf.json",
        '{"database.host": "file", "database.user": "ana", "custom": {"a": 1}}',
    )
    settings.load()
    assert (settings.database.host, settings.database.user, settings.custom) == (
        "environment",
        "ana",
        {"a": 1},
    )


@pytest.mark.parametrize("name", ["fascicle.toml", "datajoint.json"])
def test_the_template_is_a_settings_file(project, name):
    settings = config(project)
    path = settings.save_template(project / name)
    assert (project / ".secrets" / ".gitignore").exists()
    again = config(project)
    assert again.path == path
    assert {n: again[n] for n in SETTINGS} == {n: config(project.parent)[n] for n in SETTINGS}
    with pytest.raises(ConfigError, match="exists already"):
        settings.save_template(path)
    if path.suffix == ".toml":
        text = path.read_text()
        opened = "\n".join(line.removeprefix("# ") if " = " in line else line for line in text.splitlines())
        assert tomllib.loads(opened)["display"]["limit"] == 12
        assert all(s.help in text for s in SETTINGS.values() if not s.secret)


def test_settings_travel_to_other_processes(project):
    settings = config(project, DJ_HOST="db")
    settings["custom"]["a"] = 1
    for again in (pickle.loads(pickle.dumps(settings)), copy.deepcopy(settings)):
        assert (again.database.host, again.custom) == ("db", {"a": 1})
        with again.override(display__limit=1):
            assert settings.display.limit == 12
        again["custom"]["a"] = 2
        assert settings["custom"]["a"] == 1


def test_two_objects_share_nothing(project):
    one, two = config(project), config(project)
    one["custom"]["a"] = 1
    one.safemode = False
    assert (two["custom"], two.safemode) == ({}, True)
    assert one != two
