"""TLS options of a URL."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from fascicle.backend.url import DatabaseUrl
from fascicle.errors import ConfigError

MODES = ("disabled", "preferred", "required", "verify_ca", "verify_identity")
OPTIONS = ("use_tls", "ssl_mode", "sslmode", "ssl_ca", "ssl_cert", "ssl_key", "ssl_key_password")
_ALIASES = {
    "disable": "disabled",
    "allow": "preferred",
    "prefer": "preferred",
    "require": "required",
    "verify-ca": "verify_ca",
    "verify-full": "verify_identity",
    "verify-identity": "verify_identity",
}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Tls:
    """What a session does about TLS.

    Parameters
    ----------
    mode : str
        A member of `MODES`.
    context : ssl.SSLContext or None
        ``None`` without TLS: making one costs tens of milliseconds.
    """

    mode: str
    context: ssl.SSLContext | None


def mode_of(url: DatabaseUrl) -> str:
    """TLS mode of a URL: as asked for, else verified if a CA is given, else tried except on this machine.

    Raises
    ------
    ConfigError
        If the mode is unknown.
    """
    asked = url.option("ssl_mode", "sslmode")
    if asked is not None:
        word = asked.lower()
        word = _ALIASES.get(word, word)
        if word not in MODES:
            raise ConfigError(
                f"there is no TLS mode {asked!r}", where=str(url), try_=f"the modes are {', '.join(MODES)}"
            )
        return word
    if url.option("use_tls") is not None:
        demanded = "verify_ca" if url.option("ssl_ca") else "required"
        return demanded if url.flag("use_tls", True) else "disabled"
    if url.option("ssl_ca"):
        return "verify_ca"
    local = url.option("unix_socket") is not None or (url.host or "localhost") in _LOOPBACK
    return "disabled" if local else "preferred"


def tls_of(url: DatabaseUrl) -> Tls:
    """Read the TLS options of a URL.

    Raises
    ------
    ConfigError
        If a certificate or key cannot be read.
    """
    mode = mode_of(url)
    if mode == "disabled":
        return Tls(mode, None)
    try:
        return Tls(mode, _context(url, mode))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            "a certificate or key cannot be read",
            where=str(url),
            why=str(error),
            try_="check the files named by ssl_ca, ssl_cert and ssl_key",
        ) from error


def _context(url: DatabaseUrl, mode: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=url.option("ssl_ca"))
    # Certificates that servers make for themselves lack extensions that newer Pythons demand.
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    context.check_hostname = mode == "verify_identity"
    context.verify_mode = ssl.CERT_REQUIRED if mode.startswith("verify") else ssl.CERT_NONE
    certificate = url.option("ssl_cert")
    if certificate:
        context.load_cert_chain(certificate, url.option("ssl_key"), url.option("ssl_key_password"))
    return context
