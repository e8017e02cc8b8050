"""TLS options of a URL, as libpq names them."""

from __future__ import annotations

from fascicle.backend.url import DatabaseUrl
from fascicle.errors import ConfigError

MODES = {
    "disabled": "disable",
    "preferred": "prefer",
    "required": "require",
    "verify_ca": "verify-ca",
    "verify_identity": "verify-full",
}
OPTIONS = (
    "use_tls",
    "ssl_mode",
    "sslmode",
    "ssl_ca",
    "ssl_cert",
    "ssl_key",
    "ssl_key_password",
    "sslrootcert",
    "sslcert",
    "sslkey",
)
_FILES = {
    "sslrootcert": "ssl_ca",
    "sslcert": "ssl_cert",
    "sslkey": "ssl_key",
    "sslpassword": "ssl_key_password",
}


def parameters(url: DatabaseUrl) -> dict[str, str]:
    """Parameters for libpq; where nothing is asked for, TLS is tried, and used if the server has it.

    Raises
    ------
    ConfigError
        If the mode is unknown.
    """
    chosen = {"sslmode": _mode(url)}
    for name, ours in _FILES.items():
        value = url.option(ours, name)
        if value:
            chosen[name] = value
    return chosen


def _mode(url: DatabaseUrl) -> str:
    asked = url.option("ssl_mode", "sslmode")
    if asked is not None:
        word = MODES.get(asked.lower(), asked.lower())
        if word not in (*MODES.values(), "allow"):
            raise ConfigError(
                f"there is no TLS mode {asked!r}", where=str(url), try_=f"the modes are {', '.join(MODES)}"
            )
        return word
    verified = url.option("ssl_ca", "sslrootcert") is not None
    if url.option("use_tls") is not None and not url.flag("use_tls", True):
        return "disable"
    if verified:
        return "verify-ca"
    return "require" if url.flag("use_tls", False) else "prefer"
