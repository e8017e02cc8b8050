"""What boto3 reports, in our terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fascicle.errors import BucketInaccessible, StoreError

if TYPE_CHECKING:
    from fascicle_s3.store import S3Store

MISSING = frozenset({"NoSuchKey", "404", "NotFound"})
CLOSED = frozenset(
    {
        "NoSuchBucket",
        "403",
        "AccessDenied",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "InvalidToken",
        "AllAccessDisabled",
        "PermanentRedirect",
        "AuthorizationHeaderMalformed",
    }
)


def CLIENT_ERRORS() -> tuple[type[Exception], ...]:  # noqa: N802  (a constant that costs an import)
    """Return the classes of what boto3 raises."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    return (BotoCoreError, ClientError, Boto3Error)


def code_of(error: BaseException) -> str:
    """Return the server's code of an error, empty if it has none."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def is_beyond_the_end(error: BaseException) -> bool:
    """Whether a range was asked for that begins behind the object's end."""
    return code_of(error) in ("InvalidRange", "416", "RequestedRangeNotSatisfiable")


def translate(store: S3Store, action: str, path: str, error: BaseException) -> StoreError:
    """Turn an error of boto3 into one of ours; keys and secrets are in none of them."""
    code = code_of(error)
    if code in MISSING:
        return store.missing(path)
    if code in CLOSED or _is_unreachable(error):
        return BucketInaccessible(
            "the bucket cannot be reached",
            where=f"store {store.name!r} ({store.location})",
            why=f"{code}: {_message(error)}" if code else _message(error),
            try_="check bucket, endpoint and keys of the store, and the rights that the keys have",
            store=store.name,
        )
    failed = store.failed(action, path, error)
    failed.why = f"{code}: {_message(error)}" if code else _message(error)
    return failed


def _is_unreachable(error: BaseException) -> bool:
    from botocore.exceptions import ConnectionError as Unreachable
    from botocore.exceptions import CredentialRetrievalError, NoCredentialsError, PartialCredentialsError

    kinds = (Unreachable, NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)
    return isinstance(error, kinds)


def _message(error: BaseException) -> str:
    response = getattr(error, "response", None)
    told = response.get("Error", {}).get("Message") if isinstance(response, dict) else None
    return str(told or error)
