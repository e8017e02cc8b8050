"""Connections, transactions and streams; the seam that database products fill."""
