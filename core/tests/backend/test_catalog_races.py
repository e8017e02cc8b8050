"""A schema may be dropped by someone between the list of schemas and their reading."""

import pytest

from fascicle.backend.catalog import CatalogCache
from fascicle.errors import MissingTableError
from fascicle.model import Catalog


def test_all_schemas_are_listed_again_when_one_vanishes():
    lists = iter([["a", "gone"], ["a"]])

    def read(schemas):
        if "gone" in schemas:
            raise MissingTableError("gone.~lineage is not declared")
        return Catalog()

    cache = CatalogCache(read, lambda: next(lists))
    cache.load_all()
    assert cache.schemas == {"a"}


def test_a_table_that_stays_missing_is_told():
    def read(schemas):
        raise MissingTableError("never there")

    with pytest.raises(MissingTableError):
        CatalogCache(read, lambda: ["a"]).refresh_all()
