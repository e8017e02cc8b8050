"""Fascicle: a scientific pipeline that is a database schema."""
