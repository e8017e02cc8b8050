"""Codecs by name: registration, look-up, chains, entry points."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from fascicle.codecs import BlobCodec, Codec, CodecRegistry, default_registry
from fascicle.errors import CodecError, PluginError
from fascicle.model import CodecRef, CoreType


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    before = set(default_registry())
    yield
    for name in set(default_registry()) - before:
        default_registry().unregister(name)


def define(codec_name: str, dtype: str = "<blob>", **members: Any) -> type[Codec]:
    def get_dtype(self: Codec, is_store: bool) -> str:
        return dtype

    def encode(self: Codec, value: Any, *, key: Any = None, store_name: Any = None) -> Any:
        return [codec_name, value, store_name]

    def decode(self: Codec, stored: Any, *, key: Any = None) -> Any:
        return stored[1]

    body = {"name": codec_name, "get_dtype": get_dtype, "encode": encode, "decode": decode, **members}
    return type(codec_name.title(), (Codec,), body)


def test_blob_is_there_in_every_registry() -> None:
    assert isinstance(CodecRegistry().get("blob"), BlobCodec)
    assert "blob" in CodecRegistry()
    assert CodecRegistry().column_type(CodecRef("blob")) == CoreType("bytes")


def test_defining_a_class_registers_it() -> None:
    registry = CodecRegistry()
    define("graph")
    ref = CodecRef("graph")
    assert registry.column_type(ref) == CoreType("bytes")
    stored = registry.encoder(ref)({"a": 1})
    assert isinstance(stored, bytes)
    assert registry.decoder(ref)(stored) == {"a": 1}
    assert registry.encoder(ref)(None) is None
    assert registry.decoder(ref)(None) is None
    assert registry.chain(ref).referenced_paths(stored) == []


def test_a_class_without_a_name_or_with_register_false_is_not_registered() -> None:
    class Base(Codec, register=False):
        name = "hidden"

    class Variant(BlobCodec):
        pass

    assert "hidden" not in default_registry()
    assert type(default_registry().get("blob")) is BlobCodec
    assert Variant().name == "blob"
    assert Base.name == "hidden"


def test_a_registry_of_ones_own_comes_first() -> None:
    class Mine(BlobCodec):
        pass

    registry = CodecRegistry()
    registry.register(Mine)
    assert isinstance(registry.get("blob"), Mine)
    assert type(default_registry().get("blob")) is BlobCodec
    further = CodecRegistry(base=registry)
    assert isinstance(further.get("blob"), Mine)


def test_defining_the_same_class_again_replaces_it() -> None:
    define("graph")
    first = default_registry().get("graph")
    define("graph", dtype="bytes")
    assert default_registry().get("graph") is not first
    assert default_registry().column_type(CodecRef("graph")) == CoreType("bytes")


def test_two_classes_cannot_share_a_name() -> None:
    with pytest.raises(CodecError, match=r"Two codecs are named 'blob'.*\n.*BlobCodec has the name"):
        define("blob")


@pytest.mark.parametrize("name", ["", "Graph", "a b", "9a", None, 5, "a@b"])
def test_malformed_names_are_refused(name: Any) -> None:
    with pytest.raises(CodecError, match="cannot name a codec"):
        type("Odd", (Codec,), {"name": name})


@pytest.mark.parametrize(("name", "advice"), [("blb", "did you mean <blob>"), ("nosuch", "fascicle.codecs")])
def test_an_unknown_codec_is_named_with_its_neighbours(name: str, advice: str) -> None:
    with pytest.raises(CodecError) as caught:
        CodecRegistry().get(name)
    assert f"<{name}>" in caught.value.what
    assert advice in (caught.value.try_ or "")


def test_chains_hand_the_store_down() -> None:
    define("digest", dtype="json")
    define("inner", dtype="<digest>")
    define("outer", dtype="<inner>")
    registry = CodecRegistry()
    chain = registry.chain(CodecRef("outer", "cold"))
    assert [codec.name for codec in chain.codecs] == ["outer", "inner", "digest"]
    assert chain.stores == ("cold", "cold", "cold")
    assert chain.type == CoreType("json")
    stored = chain.encode(5)
    assert stored[0] == "digest"
    assert stored[2] == "cold"
    assert chain.decode(stored) == 5
    assert registry.chain(CodecRef("outer")).stores == (None, None, None)
    assert registry.chain(CodecRef("outer", "")).stores == ("", "", "")


def test_an_inner_codec_may_name_its_own_store() -> None:
    define("digest", dtype="json")
    define("fixed", dtype="<digest@attic>")
    assert CodecRegistry().chain(CodecRef("fixed")).stores == (None, "attic")


def test_a_chain_that_leads_back_is_refused() -> None:
    define("one", dtype="<two>")
    define("two", dtype="<one>")
    with pytest.raises(CodecError, match=r"leads back to itself(.|\n)*one -> two -> one"):
        CodecRegistry().chain(CodecRef("one"))


def test_a_type_that_is_none_is_refused() -> None:
    define("odd", dtype="bytez(")
    with pytest.raises(CodecError, match=r"names a type that is none: 'bytez\('"):
        CodecRegistry().chain(CodecRef("odd"))


def test_context_goes_to_codecs_that_take_it() -> None:
    def encode(self: Codec, value: Any, *, key: Any, context: Any, store_name: Any = None) -> Any:
        return f"{value} {key} {context}"

    def decode(self: Codec, stored: Any, *, key: Any = None, **more: Any) -> Any:
        return f"{stored} {more}"

    define("placed", dtype="json", encode=encode, decode=decode)
    chain = CodecRegistry().chain(CodecRef("placed"))
    assert chain.encode(1, key={"a": 2}, context={"table": "t"}) == "1 {'a': 2} {'table': 't'}"
    assert chain.decode("x", context=3) == "x {'context': 3}"


@pytest.mark.parametrize(
    "error", [TypeError("not a graph"), ValueError("not a graph"), CodecError("not a graph")]
)
def test_refused_values_are_codec_errors(error: Exception) -> None:
    def validate(self: Codec, value: Any) -> None:
        raise error

    define("strict", validate=validate)
    with pytest.raises(CodecError, match="not a graph"):
        CodecRegistry().encoder(CodecRef("strict"))(1)


class Distribution:
    name = "fascicle-graph"


class FromPackage(Codec, register=False):
    name = "packaged"

    def get_dtype(self, is_store: bool) -> str:
        return "json"

    def encode(self, value: Any, *, key: Any = None, store_name: Any = None) -> Any:
        return json.dumps(value)

    def decode(self, stored: Any, *, key: Any = None) -> Any:
        return json.loads(stored)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[EntryPoint]]:
    offers: dict[str, list[EntryPoint]] = {}
    monkeypatch.setattr("importlib_metadata.entry_points", lambda group: offers.get(group, []))
    return offers


def offer(name: str, value: str, group: str = "fascicle.codecs") -> EntryPoint:
    found = EntryPoint(name, value, group)
    vars(found)["dist"] = Distribution()
    return found


HERE = __name__


def test_packages_are_loaded_when_their_codec_is_asked_for(installed: dict[str, list[EntryPoint]]) -> None:
    installed["fascicle.codecs"] = [offer("packaged", f"{HERE}:FromPackage")]
    registry = CodecRegistry()
    assert "packaged" in registry
    codec = registry.get("packaged")
    assert isinstance(codec, FromPackage)
    assert registry.get("packaged") is codec


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("broken", "no_such_module:Codec", "No module named"),
        ("broken", f"{HERE}:NoSuchClass", "NoSuchClass"),
        ("other", f"{HERE}:FromPackage", "must be the same"),
        ("other", f"{HERE}:Distribution", "must be the same"),
    ],
)
def test_packages_that_fail_are_named(
    installed: dict[str, list[EntryPoint]], name: str, value: str, why: str
) -> None:
    installed["fascicle.codecs"] = [offer(name, value)]
    with pytest.raises(PluginError, match="fascicle-graph") as caught:
        CodecRegistry().get(name)
    assert why in (caught.value.why or "")


def test_a_codec_written_for_the_other_client_is_named_not_loaded(
    installed: dict[str, list[EntryPoint]],
) -> None:
    installed["datajoint.codecs"] = [offer("graph", "no_such_module:Codec", "datajoint.codecs")]
    with pytest.raises(CodecError, match="fascicle-graph brings it for DataJoint only"):
        CodecRegistry().get("graph")


def test_numpy_loads_with_the_first_blob_only() -> None:
    source = Path(__file__).parents[2] / "src"
    code = (
        "import sys; import fascicle.codecs as c; from fascicle.model import CodecRef; "
        "assert 'numpy' not in sys.modules; encode = c.CodecRegistry().encoder(CodecRef('blob')); "
        "assert 'numpy' not in sys.modules; encode(1); assert 'numpy' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(source)})
