"""Which files are opened, how, and which are refused with a reason."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from fascicle.backend.connect import connect
from fascicle.backend.sqlite.filesystem import file_system_of, refuse_network_file_system
from fascicle.errors import (
    AccessError,
    BackendError,
    ConfigError,
    FascicleError,
    LockError,
    MissingTableError,
)
from fascicle.sql.statement import Sql
from fascicle.testing.backend.bench import Bench, attribute, single, subject

MOUNTS = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
30 22 0:26 / /people rw shared:2 - nfs4 server:/export rw
31 30 0:27 / /people/ana/local\040disk rw - xfs /dev/sdb rw
32 22 0:28 / /mnt/a rw - cifs //server/share rw
33 22 0:29 / /mnt/fuse rw - fuse.sshfs host:/x rw
34 22 0:30 / /mnt/over rw - ext4 /dev/sdc rw
35 22 0:31 / /mnt/over rw - lustre pool rw
36 22 0:32 / /peoples rw - tmpfs none rw
a broken line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/data/lab.db", "ext4"),
        ("/people/ana/lab.db", "nfs4"),
        ("/people/ana/local disk/lab.db", "xfs"),
        ("/peoples/lab.db", "tmpfs"),
        ("/mnt/a/deep/er/lab.db", "cifs"),
        ("/mnt/over/lab.db", "lustre"),
        ("/mnt/fuse/lab.db", "fuse.sshfs"),
    ],
)
def test_file_systems_are_told_apart(path, kind):
    assert file_system_of(path, MOUNTS) == kind


@pytest.mark.parametrize("path", ["/people/lab.db", "/mnt/a/lab.db", "/mnt/fuse/lab.db", "/mnt/over/lab.db"])
def test_network_file_systems_are_refused(path):
    with pytest.raises(ConfigError) as caught:
        refuse_network_file_system(path, MOUNTS)
    for word in ("network file system", "mysql://", "postgresql://", "allow_network"):
        assert word in str(caught.value)
    refuse_network_file_system("/data/lab.db", MOUNTS)


def test_a_link_counts_where_it_leads(tmp_path):
    (tmp_path / "link.db").symlink_to("/people/ana/lab.db")
    assert file_system_of(str(tmp_path / "link.db"), MOUNTS) == "nfs4"


def test_connecting_refuses_and_can_be_told_not_to(tmp_path, monkeypatch):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 0:1 / / rw - ext4 x rw\n2 1 0:2 / {tmp_path} rw - nfs x rw\n")
    monkeypatch.setattr("fascicle.backend.sqlite.filesystem._MOUNTS", mounts)
    with pytest.raises(ConfigError, match="network file system"):
        connect(f"sqlite:///{tmp_path}/lab.db")
    connect(f"sqlite:///{tmp_path}/lab.db?allow_network=true").close()


def test_this_machine_tells_its_file_system(tmp_path):
    if Path("/proc/self/mountinfo").exists():
        assert file_system_of(str(tmp_path))


def test_other_files_are_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("these are notes, and more than sixteen bytes of them")
    with pytest.raises(BackendError, match="not an SQLite database"):
        connect(path)
    assert path.read_text().startswith("these are notes")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notes.txt"]


@pytest.mark.parametrize(
    ("where", "said"),
    [("nowhere/lab.db", "does not exist"), (".", "folder"), ("x.db?mode=rw", "does not exist")],
)
def test_misplaced_files(tmp_path, where, said):
    with pytest.raises(ConfigError, match=said):
        connect(f"sqlite:///{tmp_path}/{where}")


def test_an_empty_file_becomes_a_database(tmp_path):
    path = tmp_path / "empty.db"
    path.touch()
    with connect(path) as connection:
        assert connection.schemas == []
        assert len(connection.catalog.load("any")) == 0


def test_settings_of_a_session(tmp_path):
    with connect(f"sqlite:///{tmp_path}/lab.db?synchronous=full&cache_mib=8") as connection:
        value = {
            name: connection.query(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "cache_size", "busy_timeout")
        }
    assert value == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "cache_size": -8192,
        "busy_timeout": 60_000,
    }
    for bad in ("synchronous=fast", "mode=x", "lock_timeout=-1"):
        with pytest.raises(ConfigError):
            connect(f"sqlite:///{tmp_path}/lab.db?{bad}")


def test_a_file_that_cannot_be_written_is_read(tmp_path):
    path = tmp_path / "lab.db"
    with connect(path) as connection:
        connection.execute_script(connection.dialect.create_schema("s"))
        bench, spec = Bench(connection, "s"), subject("s")
        bench.declare(spec)
        bench.insert(spec, {"subject_id": "a"})
    with connect(f"sqlite:///{path}?mode=ro") as connection:
        assert [row["subject_id"] for row in Bench(connection, "s").fetch(spec)] == ["a"]
        with pytest.raises(AccessError):
            Bench(connection, "s").insert(spec, {"subject_id": "b"})


def test_a_folder_that_cannot_be_written(tmp_path):
    if os.geteuid() != 0:
        _read_only_folder(tmp_path)
        return
    # Nothing is forbidden to root: a child process becomes nobody, in a folder open to all.
    source = """
import os, sys
from pathlib import Path
import fascicle.backend.sqlite.functions
sys.path.insert(0, sys.argv[2])
from test_sqlite_files import _read_only_folder
os.setgid(65534)
os.setuid(65534)
(Path(sys.argv[1]) / "inner").mkdir()
_read_only_folder(Path(sys.argv[1]) / "inner")
"""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        done = subprocess.run(
            [sys.executable, "-c", source, folder, str(Path(__file__).parent)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr


def _read_only_folder(folder):
    path = folder / "lab.db"
    with connect(path) as connection:
        connection.execute(Sql("CREATE TABLE t (a INT)"))
        connection.execute(Sql("INSERT INTO t VALUES (5)"))
    path.chmod(0o444)
    folder.chmod(0o555)
    try:
        with connect(path) as connection:
            assert connection.execute(Sql("SELECT a FROM t")).rows == [(5,)]
            with pytest.raises(AccessError):
                connection.execute(Sql("DELETE FROM t"))
        with pytest.raises(AccessError):
            connect(folder / "other.db")
    finally:
        folder.chmod(0o755)


def test_a_damaged_file_is_named_so(tmp_path):
    path = tmp_path / "lab.db"
    with connect(path) as connection:
        connection.execute(Sql("CREATE TABLE t (a TEXT)"))
        with connection.transaction:
            for i in range(200):
                connection.execute(Sql("INSERT INTO t VALUES (?)", ("x" * 500 + str(i),)))
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(60_000))
    with connect(path) as connection, pytest.raises(BackendError, match="damaged"):
        connection.execute(Sql("SELECT * FROM t"))


def test_waiting_too_long_for_the_lock(tmp_path):
    url = f"sqlite:///{tmp_path}/lab.db?lock_timeout=0.05"
    with connect(url) as first, connect(url) as second:
        first.execute(Sql("CREATE TABLE t (a INT)"))
        with first.transaction:
            first.execute(Sql("INSERT INTO t VALUES (1)"))
            with pytest.raises(LockError, match="lock_timeout"), second.transaction:
                pass
            with pytest.raises(LockError):
                second.execute(Sql("INSERT INTO t VALUES (2)"))
            # Readers are never locked out.
            with second.transaction(read_only=True):
                assert second.execute(Sql("SELECT COUNT(*) FROM t")).rows == [(0,)]
        with second.transaction:
            second.execute(Sql("INSERT INTO t VALUES (3)"))


def test_a_patient_writer_gets_its_turn(tmp_path):
    with connect(tmp_path / "lab.db") as connection:
        connection.execute(Sql("CREATE TABLE t (a INT)"))
        begun, ended = threading.Event(), []

        def write():
            begun.wait(5)
            connection.execute(Sql("INSERT INTO t VALUES (2)"))
            ended.append(connection.execute(Sql("SELECT COUNT(*) FROM t")).rows[0][0])

        thread = threading.Thread(target=write)
        thread.start()
        with connection.transaction:
            connection.execute(Sql("INSERT INTO t VALUES (1)"))
            begun.set()
            thread.join(0.2)
            assert not ended
        thread.join(10)
        assert ended == [2]


class TestMemory:
    def test_is_private_and_removed(self):
        with connect("sqlite:///:memory:") as one, connect("sqlite:///:memory:") as other:
            one.execute(Sql("CREATE TABLE t (a INT)"))
            with pytest.raises(MissingTableError):
                other.execute(Sql("SELECT * FROM t"))
            folder = Path(one.query("PRAGMA database_list").fetchone()[2]).parent
            assert folder.is_dir()
            assert not folder.stat().st_mode & 0o077
        assert not folder.exists()
        assert str(one.url) == "sqlite:///:memory:"

    def test_is_shared_by_threads_and_streams(self):
        with connect("sqlite:///:memory:") as connection:
            connection.execute(Sql("CREATE TABLE t (a INT)"))
            connection.execute(Sql("INSERT INTO t VALUES (1), (2), (3)"))
            for rows in connection.stream(Sql("SELECT a FROM t"), batch=1):
                connection.execute(Sql("INSERT INTO t VALUES (?)", (rows[0][0] + 10,)))
            seen = []
            query = Sql("SELECT COUNT(*) FROM t")
            thread = threading.Thread(target=lambda: seen.append(connection.execute(query).rows[0][0]))
            thread.start()
            thread.join(10)
            assert seen == [6]

    def test_is_removed_with_a_forgotten_connection(self):
        connection = connect("sqlite:///:memory:")
        folder = Path(connection.query("PRAGMA database_list").fetchone()[2]).parent
        del connection
        assert not folder.exists()

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_a_forked_child_shares_it_and_does_not_remove_it(self):
        with connect("sqlite:///:memory:") as connection:
            connection.execute(Sql("CREATE TABLE t (a INT)"))
            child = os.fork()
            if child == 0:
                try:
                    connection.execute(Sql("INSERT INTO t VALUES (7)"))
                    connection.close()
                    os._exit(0)
                finally:
                    os._exit(1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            assert connection.execute(Sql("SELECT a FROM t")).rows == [(7,)]


def test_strangers_in_the_file_are_no_tables_of_ours(tmp_path):
    path = tmp_path / "lab.db"
    with sqlite3.connect(path) as plain:
        plain.execute('CREATE TABLE "s.foreign" (a)')
    plain.close()
    with connect(path) as connection:
        connection.execute_script(connection.dialect.create_schema("s"))
        assert list(connection.catalog.load("s")) == []
        spec = single("s", "gone", attribute("a", "int32"))
        Bench(connection, "s").declare(spec)
        connection.execute(Sql('DROP TABLE "s.gone"'))
        assert list(connection.catalog.refresh("s")) == []
        # Declared again, differently: the entry follows.
        other = single("s", "gone", attribute("b", "int32"))
        Bench(connection, "s").declare(other)
        assert connection.catalog.refresh("s")[other.name] == other


def test_schema_names_that_cannot_be(tmp_path):
    with connect("sqlite:///:memory:") as connection:
        for name in ("", "a.b", "sqlite_x", "~x", "SQLite_"):
            with pytest.raises(FascicleError):
                connection.dialect.create_schema(name)
