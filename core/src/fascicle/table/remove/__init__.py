"""Deleting rows and dropping tables: a plan first, then the act."""
