"""Databases shared with other clients."""
