"""Errors say what, where, why and what to try; hostile text is bound or refused; reserved words are plain names."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import fascicle as fc

NASTY = ["'; DROP TABLE x; --", '"', "`", "\\", "%", "%s %(x)s", "?", ":name", "é☃", "/* */", "$1", "{0}"]


@pytest.mark.parametrize("text", NASTY)
def test_comments_and_values_keep_any_text(schema: fc.Schema, backend: Any, text: str) -> None:
    definition = f"# table {text}\nname : varchar(64)  # key {text}\n---\nkind : enum('a', 'it''s')\n"
    cls = schema(type(fc.Manual)("Thing", (fc.Manual,), {"definition": definition, "__module__": __name__}))
    cls.insert1({"name": text, "kind": "it's"})
    assert (cls & {"name": text}).fetch1("kind") == "it's"
    quoted = text.replace("'", "''")
    assert (cls & f"name = '{quoted}'").fetch1("name") == text
    assert (cls & [{"name": text}, {"name": "other"}]).keys() == [{"name": text}]
    again = backend.connect()
    spec = fc.VirtualModule("m", schema.name, connection=again).Thing.table_spec
    assert spec.comment == f"table {text}"
    assert spec.heading["name"].comment == f"key {text}"
    again.close()


@pytest.mark.parametrize("name", ["x; drop table y", "a b", "a'b", 'a"b', "", "é", "a.b", "x" * 80])
def test_hostile_schema_names_are_refused(db: fc.Connection, name: str) -> None:
    with pytest.raises(fc.errors.SchemaError, match="cannot name a schema"):
        fc.Schema(name, connection=db)


def test_hostile_attribute_names_are_refused(schema: fc.Schema) -> None:
    for name in ("x y", "x'", "X", "1x", "x;", 'x"'):
        with pytest.raises(fc.DefinitionError):
            schema(
                type(fc.Manual)(
                    "Bad", (fc.Manual,), {"definition": f"{name} : int32\n", "__module__": __name__}
                )
            )


def test_reserved_words_are_plain_names(schema: fc.Schema) -> None:
    @schema
    class Order(fc.Manual):
        definition = """
        group : int32
        select : varchar(8)
        ---
        from = null : float64
        where = 0 : int32
        key = '' : varchar(8)
        user = '' : varchar(8)
        index(where)
        """

    Order.insert([(1, "a", 1.5, 2, "k", "u"), (2, "b", None, 3, "", "")])
    assert (Order & "`where` > 2").fetch1("group") == 2
    assert (Order & {"select": "a"}).fetch1("from") == 1.5
    assert Order.proj(total="`group` + `where`").to_dicts(order_by="KEY")[1]["total"] == 5
    assert fc.U("where").aggr(Order, n="count(*)").to_dicts(order_by="`where` desc")[0]["n"] == 1


def test_unknown_names_in_restrictions_name_the_nearest(lab: Any) -> None:
    for build in (
        lambda: lab.Session & "sesion_id = 1",
        lambda: lab.Session & {"sesion_id": 1},
        lambda: lab.Session.proj("wieght_g"),
        lambda: lab.Session.proj(x="wieght_g * 2"),
        lambda: lab.Session.to_dicts(order_by="wieght_g"),
        lambda: lab.Session.aggr(lab.Scan, n="avg(depth)"),
    ):
        with pytest.raises(fc.UnknownAttributeError, match=r"session_id|weight_g|depth_um"):
            build()


def test_syntax_errors_point_at_the_place(lab: Any) -> None:
    with pytest.raises(fc.QuerySyntaxError) as caught:
        lab.Session & "session_id = = 1"
    assert "^" in str(caught.value)
    with pytest.raises(fc.FascicleError):
        lab.Session & "session_id = 1; drop table x"
    with pytest.raises(fc.FascicleError):
        lab.Session & "sleep(5)"


def test_errors_survive_pickling(lab: Any) -> None:
    with pytest.raises(fc.MissingParentError) as caught:
        lab.Session.insert1({"subject_id": "zz", "session_id": 1, "session_date": "2026-01-01"})
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is fc.MissingParentError
    assert str(copy) == str(caught.value)


def test_dropped_elsewhere(backend: Any, lab: Any) -> None:
    other = backend.connect()
    other.runtime.config["safemode"] = False
    fc.VirtualModule("m", lab.schema.name, connection=other).Note.drop()
    with pytest.raises(fc.MissingTableError):
        lab.Note.to_dicts()
    other.close()


def test_wrong_password_is_not_repeated(backend: Any) -> None:
    if backend.name == "sqlite":
        with pytest.raises(fc.FascicleError):
            fc.connect("sqlite:////nonexistent/folder/x.db")
        return
    with pytest.raises(fc.FascicleError) as caught:
        fc.connect(backend.url, user="nobody_here", password="s3cr3t-pw").ping()
    assert "s3cr3t-pw" not in str(caught.value)
    assert "s3cr3t-pw" not in repr(caught.value)


def test_children_block_a_quick_delete(lab: Any) -> None:
    with pytest.raises(fc.IntegrityError):
        (lab.Subject & "subject_id = 'm1'").delete_quick()
    assert len(lab.Subject) == 3
