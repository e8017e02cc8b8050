"""Workloads against hand-written SQL with the same driver; run by ``python -m benchmarks``, never by the tests."""
