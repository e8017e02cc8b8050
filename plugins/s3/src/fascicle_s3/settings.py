"""From a store's settings to a boto3 client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fascicle.errors import ConfigError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

CONNECTIONS = 32
CONNECT_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a bucket is and how to reach it.

    Parameters
    ----------
    bucket : str
    location : str
        Prefix of all keys, without slashes at its ends.
    endpoint : str or None
        URL of the server; ``None`` for Amazon.
    access_key, secret_key, session_token : str or None
        Without them boto3 looks where it always looks.
    region : str or None
    addressing : str
        ``"path"``, ``"virtual"`` or ``"auto"``.
    attempts : int
        Tries of a request.
    timeout : float
        Seconds to wait for an answer.
    """

    bucket: str
    location: str = ""
    endpoint: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    region: str | None = None
    addressing: str = "auto"
    attempts: int = 5
    timeout: float = 60.0

    @classmethod
    def read(cls, name: str, table: Mapping[str, Any]) -> Settings:
        """Read a store's table of settings.

        Raises
        ------
        ConfigError
            If only one of the two keys is given, or the endpoint is malformed.
        """
        if bool(table.get("access_key")) != bool(table.get("secret_key")):
            raise ConfigError(
                f"the store {name!r} has only one of access_key and secret_key",
                where=f"stores.{name}",
                try_="give both, or neither: boto3 then looks in its own places",
            )
        endpoint = _url(name, table.get("endpoint"), bool(table.get("secure", True)))
        return cls(
            bucket=str(table["bucket"]),
            location=str(table.get("location") or "").strip("/"),
            endpoint=endpoint,
            access_key=table.get("access_key") or None,
            secret_key=table.get("secret_key") or None,
            session_token=table.get("session_token") or None,
            region=table.get("region") or None,
            addressing=str(table.get("addressing") or ("path" if endpoint else "auto")),
            attempts=int(table.get("attempts", 5)),
            timeout=float(table.get("timeout", 60)),
        )

    def client(self) -> S3Client:
        """Make a client; it is safe for several threads of one process."""
        # boto3 takes a quarter of a second to load.
        import boto3
        from botocore.config import Config

        # Checksums in trailers are new: of other servers than Amazon's not all know them.
        checksums: Any = "when_required" if self.endpoint else "when_supported"
        style: Any = {"addressing_style": self.addressing}
        config = Config(
            retries={"total_max_attempts": self.attempts, "mode": "standard"},
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=self.timeout,
            max_pool_connections=CONNECTIONS,
            s3=style,
            request_checksum_calculation=checksums,
            response_checksum_validation=checksums,
        )
        session = boto3.session.Session(
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            aws_session_token=self.session_token,
            region_name=self.region or ("us-east-1" if self.endpoint else None),
        )
        return session.client("s3", endpoint_url=self.endpoint, config=config)


def _url(name: str, endpoint: Any, secure: bool) -> str | None:
    if not endpoint:
        return None
    text = str(endpoint)
    if "://" not in text:
        text = f"{'https' if secure else 'http'}://{text}"
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = None
    if not good:
        raise ConfigError(
            f"the endpoint of the store {name!r} is no address",
            where=f"stores.{name}.endpoint",
            try_="write host:port, or https://host:port",
        )
    return text
