"""Objects of any size in bounded memory: parts go out while the next ones are gathered."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

PART_BYTES = 8 << 20
#: A part grows with the object, since an object has 10,000 parts at most.
GROWTH_PARTS = 1000
PARALLEL = 3


class PartWriter(io.RawIOBase):
    """A stream into an object, which appears when `finish` returns; `abort` leaves nothing.

    Parameters
    ----------
    client : S3Client
    bucket, key : str
    """

    def __init__(self, client: S3Client, bucket: str, key: str) -> None:
        super().__init__()
        self._client = client
        self._place: dict[str, Any] = {"Bucket": bucket, "Key": key}
        self._buffer = bytearray()
        self._upload: str | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._parts: list[Future[str]] = []
        self._position = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Bytes written."""
        return self._position

    def write(self, data: Any) -> int:
        """Take bytes, sending full parts."""
        view = memoryview(data).cast("B")
        self._position += len(view)
        while len(view):
            room = self._part_bytes - len(self._buffer)
            self._buffer += view[:room]
            view = view[room:]
            if len(self._buffer) >= self._part_bytes:
                self._send()
        return memoryview(data).nbytes

    @property
    def _part_bytes(self) -> int:
        return int(PART_BYTES * 2 ** (len(self._parts) // GROWTH_PARTS))

    def _send(self) -> None:
        if self._upload is None:
            self._upload = self._client.create_multipart_upload(**self._place)["UploadId"]
            self._pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="fascicle-s3")
        assert self._pool is not None  # noqa: S101  (made with the upload)
        number, body, self._buffer = len(self._parts) + 1, self._buffer, bytearray()
        if number > PARALLEL:
            self._parts[number - 1 - PARALLEL].result()  # bounds what waits in memory
        self._parts.append(self._pool.submit(self._send_part, self._upload, number, body))

    def _send_part(self, upload: str, number: int, body: Any) -> str:
        sent = self._client.upload_part(**self._place, UploadId=upload, PartNumber=number, Body=body)
        return sent["ETag"]

    def finish(self) -> None:
        """Send the rest and make the object appear."""
        if self._upload is None:
            self._client.put_object(**self._place, Body=bytes(self._buffer))
            return
        if self._buffer:
            self._send()
        parts = [{"PartNumber": n, "ETag": part.result()} for n, part in enumerate(self._parts, 1)]
        complete: Callable[..., Any] = self._client.complete_multipart_upload
        complete(**self._place, UploadId=self._upload, MultipartUpload={"Parts": parts})
        self._end()

    def abort(self) -> None:
        """Forget everything that was sent."""
        self._end()
        if self._upload is not None:
            self._client.abort_multipart_upload(**self._place, UploadId=self._upload)

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
