"""Database URLs are read, shown without secrets, and refused with a reason."""

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fascicle.backend.connect import connect, find_backend
from fascicle.backend.url import DatabaseUrl
from fascicle.errors import ConfigError, PluginError

parse = DatabaseUrl.parse


@pytest.mark.parametrize(
    ("text", "database"),
    [
        ("sqlite:///lab.db", "lab.db"),
        ("sqlite:///folder/lab.db", "folder/lab.db"),
        ("sqlite:////data/lab.db", "/data/lab.db"),
        ("sqlite:///with%20blank%3F.db", "with blank?.db"),
        ("sqlite:///:memory:", ":memory:"),
        ("sqlite://", ":memory:"),
        ("SQLite3:///lab.db", "lab.db"),
    ],
)
def test_sqlite_paths(text, database):
    url = parse(text)
    assert (url.scheme, url.database, url.host) == ("sqlite", database, None)
    assert parse(str(url)) == url


def test_server_parts_are_decoded():
    url = parse("mariadb://an%40a:p%2F%3A%40%23w@db.lab.org:3307/?ssl_ca=%2Fetc%2Fca.pem&connect_timeout=3")
    assert url.scheme == "mysql"
    assert (url.user, url.password, url.host, url.port) == ("an@a", "p/:@#w", "db.lab.org", 3307)
    assert url.database == ""
    assert url.option("ssl_ca") == "/etc/ca.pem"
    assert url.number("connect_timeout", 10) == 3
    assert parse("postgres://[::1]:5432/lab").host == "::1"
    assert parse("postgresql://u@host/lab%20two").database == "lab two"


def test_secrets_are_never_shown():
    url = parse("postgresql://ana:hunter2@host/db?sslpassword=tellnobody&ssl_mode=require")
    for shown in (str(url), repr(url), f"{url}", repr([url]), str(url.evolve(port=5))):
        assert "hunter2" not in shown
        assert "tellnobody" not in shown
        assert "ana:***@host" in shown
    assert "ssl_mode=require" in str(url)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lab.db", "no scheme"),
        ("", "no scheme"),
        ("mysql://host:port/", "percent-encode"),
        ("mysql://u:pa#ss@host/", "percent-encode"),
        ("mysql://u@host/db#1", "%23"),
        ("sqlite://host/lab.db", "third slash"),
        ("mysql+pymysql://host", "write mysql://"),
        ("mysql://host/?ssl_ca=a&ssl_ca=b", "more than once"),
        ("mysql://host/?nonsense", "name=value"),
    ],
)
def test_refusals_say_why(text, said):
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert said in str(caught.value)


def test_a_malformed_url_does_not_repeat_its_password():
    with pytest.raises(ConfigError) as caught:
        parse("mysql://ana:hunter2@host:notaport/")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ConfigError) as caught:
        parse("mysql://ana:hunter2#more@host/")
    shown = "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in shown.replace('parse("mysql://ana:hunter2#more@host/")', "")


def test_options_are_checked():
    url = parse("sqlite:///lab.db?allow_netwrok=true&lock_timeout=x")
    with pytest.raises(ConfigError, match="allow_network"):
        url.check_options({"allow_network", "lock_timeout"})
    with pytest.raises(ConfigError):
        url.number("lock_timeout", 1)
    assert parse("sqlite:///x?a=Yes&b=off").flag("a", False)
    assert not parse("sqlite:///x?a=Yes&b=off").flag("b", True)
    assert parse("sqlite:///x").flag("b", True)
    with pytest.raises(ConfigError):
        parse("sqlite:///x?a=maybe").flag("a", False)


def test_evolve_replaces_and_adds():
    url = parse("mysql://u:p@host/?a=1").evolve(user="v", password="q", port=5, options={"b": 2})
    assert (url.user, url.password, url.port, url.option("a"), url.option("b")) == ("v", "q", 5, "1", "2")


printable = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=20)


@given(
    user=printable, host=st.from_regex(r"[a-z][a-z0-9.-]{0,20}[a-z0-9]", fullmatch=True), database=printable
)
def test_what_is_shown_reads_back(user, host, database):
    url = DatabaseUrl("postgresql", host=host, user=user, database=database.strip("/") or "x")
    assert parse(str(url)) == url


def test_unknown_backends_name_the_package():
    with pytest.raises(PluginError) as caught:
        find_backend("oracle")
    assert "oracle" in str(caught.value)
    assert "sqlite" in str(caught.value)


def test_connect_takes_paths_and_options(tmp_path):
    with connect(tmp_path / "lab.db", lock_timeout=5, pool_size=3) as connection:
        assert connection.url.option("lock_timeout") == "5"
        assert connection.is_connected
    with pytest.raises(ConfigError, match="port"):
        connect("mysql://host", port="abc")
    with pytest.raises(ConfigError, match="unknown option"):
        connect(f"sqlite:///{tmp_path}/lab.db", ssl_ca="x")
