"""A pipeline in a module of its own, as worker processes import it; its database is named by the environment."""

from __future__ import annotations

import os
import time
from typing import Any

import fascicle as fc

connection = fc.connect(os.environ["FASCICLE_TEST_POPULATE_URL"], config=fc.Config())
for _name in ("lease", "heartbeat"):
    if value := os.environ.get(f"FASCICLE_TEST_POPULATE_{_name.upper()}"):
        connection.runtime.config[f"jobs.{_name}"] = float(value)
schema = fc.Schema(os.environ["FASCICLE_TEST_POPULATE_SCHEMA"], connection=connection)


@schema
class Subject(fc.Manual):
    definition = """
    subject_id : int32
    """


@schema
class Made(fc.Computed):
    definition = """
    -> Subject
    ---
    pid : int32
    """

    class Item(fc.Part):
        definition = """
        -> master
        item : int16
        """

    def make(self, key: dict[str, Any]) -> None:
        if key["subject_id"] == int(os.environ.get("FASCICLE_TEST_POPULATE_FAIL", "-1")):
            raise ValueError("asked to fail")
        if key["subject_id"] == int(os.environ.get("FASCICLE_TEST_POPULATE_DIE", "-1")):
            os._exit(9)
        time.sleep(float(os.environ.get("FASCICLE_TEST_POPULATE_SLEEP", "0")))
        self.insert1(dict(key, pid=os.getpid()))
        self.Item.insert([dict(key, item=item) for item in range(3)])
