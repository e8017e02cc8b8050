"""Each workload as a careful programmer would write it with the driver alone: the fastest safe way.

It starts from the same Python objects and ends in the same ones as the library's way, on the same tables, with
every value bound and each write one transaction.
"""
