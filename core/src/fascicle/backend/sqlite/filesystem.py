"""Where a path lies: on a file system that SQLite's locks can be trusted on, or not."""

from __future__ import annotations

import os
import re
from pathlib import Path

from fascicle.errors import ConfigError

# Their locks or shared memory are unreliable between machines, which is how databases get corrupted.
NETWORK_FILE_SYSTEMS = frozenset(
    "afs afpfs beegfs ceph cifs coda cvfs davfs fhgfs fuse.ceph fuse.ceph-fuse fuse.davfs2 fuse.gcsfuse "
    "fuse.glusterfs fuse.goofys fuse.juicefs fuse.mfs fuse.mount-s3 fuse.rclone fuse.s3fs fuse.smbnetfs fuse.sshfs "
    "fuse.gvfsd-fuse gfs gfs2 glusterfs gpfs lustre moosefs ncpfs nfs nfs4 ocfs2 orangefs panfs pvfs2 smb2 smb3 "
    "smbfs sshfs wekafs".split()
)
_MOUNTS = Path("/proc/self/mountinfo")


def file_system_of(path: str, mounts: str | None = None) -> str | None:
    """Type of the file system that holds a path.

    Parameters
    ----------
    path : str
        The file; it need not exist yet.
    mounts : str, optional
        Text in the format of Linux's ``/proc/self/mountinfo``; by default that file's.

    Returns
    -------
    str or None
        E.g. ``"ext4"`` or ``"nfs4"``; ``None`` where the system does not tell (other than Linux).
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return None
    place = os.path.realpath(path)
    found, longest = None, -1
    for line in mounts.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split()
        if not separator or len(fields) < 5 or not after:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), fields[4])
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        # Later lines shadow earlier ones mounted at the same point.
        if inside and len(point) >= longest:
            found, longest = after.split()[0], len(point)
    return found


def refuse_network_file_system(path: str, mounts: str | None = None) -> None:
    """Refuse to keep a database on a network file system.

    Raises
    ------
    ConfigError
        Naming the file system and what to use instead.
    """
    kind = file_system_of(path, mounts)
    if kind is not None and kind.lower() in NETWORK_FILE_SYSTEMS:
        raise ConfigError(
            f"the file lies on a network file system ({kind})",
            where=path,
            why="locks are not reliable there: two machines that write at once would corrupt the database",
            try_="keep the file on a local disk, or use a server: mysql://user@host or postgresql://user@host/database;"
            " if only one machine ever uses the file, add ?allow_network=true",
        )
