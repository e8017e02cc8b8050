"""Object stores on S3 and what speaks its protocol."""

from __future__ import annotations

from fascicle_s3.store import S3Store

__all__ = ["S3Store"]
