"""A bucket, or a prefix of one, as a store."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, cast

from fascicle.errors import MissingExternalFile, StoreError
from fascicle.stores import Entry, Store, checked_path
from fascicle.stores.protocol import pieces_of
from fascicle_s3.errors import CLIENT_ERRORS, is_beyond_the_end, translate
from fascicle_s3.multipart import PART_BYTES, PartWriter
from fascicle_s3.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

REMOVED_AT_ONCE = 1000
TRANSFERS = 3
UPLOAD = "?uploadId="


class S3Store(Store):
    """Objects in a bucket.

    Parameters
    ----------
    name : str
    settings : Settings
        Where the bucket is and how to reach it.
    """

    protocol: ClassVar[str] = "s3"

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(name)
        self.settings = settings
        self._lock = threading.Lock()
        self._client: S3Client | None = None
        self._owner = os.getpid()

    @classmethod
    def from_settings(cls, name: str, settings: Mapping[str, Any]) -> S3Store:
        """Make the store that settings describe: ``bucket``, and what `Settings` lists."""
        return cls(name, Settings.read(name, settings))

    @property
    def location(self) -> str:
        """Endpoint, bucket and prefix."""
        place = "/".join(part for part in (self.settings.bucket, self.settings.location) if part)
        return f"{self.settings.endpoint}/{place}" if self.settings.endpoint else f"s3://{place}"

    @property
    def client(self) -> S3Client:
        """The boto3 client, of this process's own."""
        with self._lock:
            if self._client is None or self._owner != os.getpid():
                self._client, self._owner = self.settings.client(), os.getpid()
            return self._client

    def _place(self, path: str) -> dict[str, Any]:
        prefix = self.settings.location
        return {
            "Bucket": self.settings.bucket,
            "Key": f"{prefix}/{checked_path(path)}" if prefix else checked_path(path),
        }

    @contextmanager
    def _translated(self, action: str, path: str) -> Iterator[None]:
        try:
            yield
        except CLIENT_ERRORS() as error:
            raise translate(self, action, path, error) from error

    # --- writing -------------------------------------------------------------------------------------------
    def put(self, path: str, data: Any) -> None:
        """Store bytes under a path, in parts if they are many."""
        place = self._place(path)
        if isinstance(data, bytes | bytearray | memoryview) and len(data) <= PART_BYTES:
            body: Any = bytes(data) if isinstance(data, memoryview) else data
            with self._translated("written", path):
                self.client.put_object(**place, Body=body)
            return
        with self.writer(path) as stream:
            for piece in pieces_of(data):
                stream.write(piece)

    @contextmanager
    def writer(self, path: str) -> Iterator[BinaryIO]:
        """Return a context manager that yields a stream; the object appears when the block ends."""
        place = self._place(path)
        stream = PartWriter(self.client, place["Bucket"], place["Key"])
        try:
            with self._translated("written", path):
                yield cast("BinaryIO", stream)
                stream.finish()
        except BaseException:
            with suppress(*CLIENT_ERRORS()):
                stream.abort()
            raise

    def upload(self, path: str, source: Path) -> None:
        """Store the contents of a local file, several parts at once."""
        place = self._place(path)
        with self._translated("written", path):
            self.client.upload_file(str(source), **place, Config=self._transfer())

    def _transfer(self) -> Any:
        from boto3.s3.transfer import TransferConfig

        return TransferConfig(
            multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=TRANSFERS
        )

    def touch(self, path: str, size: int) -> bool:
        """Copy the object onto itself, which the server does alone."""
        try:
            if self.stat(path).size != size:
                return False
        except MissingExternalFile:
            return False
        place = self._place(path)
        with self._translated("refreshed", path):
            # A copy onto itself must change something: the metadata, which stay empty.
            extra = {"MetadataDirective": "REPLACE"}
            source: Any = place
            self.client.copy(source, **place, ExtraArgs=extra, Config=self._transfer())
        return True

    def remove(self, paths: Iterable[str]) -> None:
        """Remove objects, a thousand in a request."""
        pending = iter(paths)
        while some := list(islice(pending, REMOVED_AT_ONCE)):
            keys: Any = [{"Key": self._place(path)["Key"]} for path in some]
            with self._translated("removed", some[0]):
                answer = self.client.delete_objects(
                    Bucket=self.settings.bucket,
                    Delete={"Objects": keys, "Quiet": True},
                )
            for fault in answer.get("Errors", ()):
                why = StoreError(f"{fault.get('Code')}: {fault.get('Message')}")
                raise self.failed("removed", str(fault.get("Key")), why)

    # --- reading -------------------------------------------------------------------------------------------
    def read(self, path: str, start: int = 0, stop: int | None = None) -> bytes:
        """Return the bytes of an object, or those from `start` up to `stop`."""
        place = self._place(path)
        if stop is not None and stop <= start:
            return b""
        extra: dict[str, Any] = {}
        if start or stop is not None:
            extra["Range"] = f"bytes={start}-{'' if stop is None else stop - 1}"
        with self._translated("read", path):
            return self._body(place, extra)

    def _body(self, place: dict[str, Any], extra: dict[str, Any]) -> bytes:
        """Ask for bytes, again where the connection breaks while they come (boto3 repeats only the request)."""
        from botocore.exceptions import (
            ClientError,
            HTTPClientError,
            IncompleteReadError,
            ResponseStreamingError,
        )

        for attempt in range(self.settings.attempts):
            try:
                return self.client.get_object(**place, **extra)["Body"].read()
            except ClientError as error:
                if is_beyond_the_end(error):
                    return b""
                raise
            except (IncompleteReadError, ResponseStreamingError, HTTPClientError):
                if attempt + 1 == self.settings.attempts:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def stat(self, path: str) -> Entry:
        """Return size and time of an object."""
        place = self._place(path)
        with self._translated("found", path):
            found = self.client.head_object(**place)
        return Entry(path, found["ContentLength"], found["LastModified"].timestamp())

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Go through the objects below a prefix, a thousand in a request."""
        inside = f"{checked_path(prefix)}/" if prefix else ""
        root = f"{self.settings.location}/" if self.settings.location else ""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.settings.bucket, Prefix=root + inside
        )
        with self._translated("listed", prefix or "."):
            for page in pages:
                for found in page.get("Contents", ()):
                    path = found["Key"][len(root) :]
                    yield Entry(path, found["Size"], found["LastModified"].timestamp())

    def debris(self, prefix: str = "") -> Iterator[Entry]:
        """Go through uploads in parts that were never completed; their size is not told."""
        inside = f"{checked_path(prefix)}/" if prefix else ""
        root = f"{self.settings.location}/" if self.settings.location else ""
        pages = self.client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self.settings.bucket, Prefix=root + inside
        )
        with self._translated("listed", prefix or "."):
            for page in pages:
                for found in page.get("Uploads", ()):
                    path = f"{found['Key'][len(root) :]}{UPLOAD}{found['UploadId']}"
                    yield Entry(path, 0, found["Initiated"].timestamp())

    def discard(self, debris: Iterable[Entry]) -> None:
        """Abort uploads that `debris` found."""
        for entry in debris:
            path, _, upload = entry.path.rpartition(UPLOAD)
            with self._translated("aborted", path):
                self.client.abort_multipart_upload(**self._place(path), UploadId=upload)

    def is_folder(self, path: str) -> bool:
        """Whether objects lie below a prefix (one request)."""
        place = self._place(path)
        with self._translated("listed", path):
            found = self.client.list_objects_v2(Bucket=place["Bucket"], Prefix=place["Key"] + "/", MaxKeys=1)
        return found.get("KeyCount", 0) > 0

    def download(self, path: str, target: Path) -> None:
        """Copy an object to a local file, several parts at once; the file appears whole or not at all."""
        place = self._place(path)
        with self._translated("read", path):
            self.client.download_file(**place, Filename=str(target), Config=self._transfer())

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None and self._owner == os.getpid():
            client.close()
