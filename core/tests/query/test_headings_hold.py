"""What headings promise, held by evaluation in plain Python: keys tell rows apart, NULL only where admitted."""

from __future__ import annotations

import warnings

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fascicle.query.matching import NamesakeWarning
from fascicle.testing.oracle import checked
from fascicle.testing.strategies import queries, worlds


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_rows_keep_what_the_heading_promises(data: st.DataObject) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NamesakeWarning)
        world = data.draw(worlds())
        node = data.draw(queries(world))
    faults = list(checked(node, world.rows))
    assert not faults, (node, faults)
