"""Find the proxy and the certificates that this machine's network asks for, and say why a connection failed."""

from __future__ import annotations

import functools
import os
import socket
import ssl
import urllib.request
from urllib.parse import urlsplit

import httpx2

from sora_mcp.domain.errors import NotSent

CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""The first one that is set counts."""
PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


def find_proxy(url: str) -> str | None:
    """Return the proxy for a URL, or None: from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, or the settings of macOS and Windows.

    Raises NotSent when the proxy is of a kind that cannot be used.
    """
    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return _check_proxy(proxy if "://" in proxy else f"http://{proxy}")


@functools.cache
def _check_proxy(proxy: str) -> str:
    """Return the address of a proxy that can be used. Raises NotSent for any other."""
    try:
        if urlsplit(proxy).scheme not in PROXY_SCHEMES:
            raise NotSent(f"The proxy {describe_proxy(proxy)} cannot be used: its address must begin with {', '.join(PROXY_SCHEMES)}.")
        if httpx2.Proxy(proxy).url.host:
            return proxy
    except (ValueError, httpx2.InvalidURL):
        pass  # said below, without the address: it may hold a password
    raise NotSent("The proxy that HTTPS_PROXY or ALL_PROXY names has no valid address.")


def describe_proxy(proxy: str) -> str:
    """Return a proxy's scheme, host and port without its user name and password."""
    parts = urlsplit(proxy)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


@functools.cache
def load_certificates() -> ssl.SSLContext:
    """Return the TLS context, cached, because loading certificates blocks the event loop for 30 ms.

    It trusts SSL_CERT_FILE or SSL_CERT_DIR where one is set, else the system's store. Raises NotSent when that cannot be read.
    """
    try:
        return httpx2.create_ssl_context(trust_env=True)
    except OSError as error:  # ssl.SSLError is one
        raise NotSent(f"{find_certificate_variable()} names certificates that cannot be read, so no connection can be trusted.") from error


def find_certificate_variable() -> str | None:
    """Return the variable that says which certificates are trusted, None where the system's own are."""
    return next((name for name in CERTIFICATE_VARIABLES if os.environ.get(name)), None)


def find_proxy_variable(url: str) -> str:
    """Return the name of the variable that `find_proxy` took the proxy of a URL from, for a person."""
    scheme = urlsplit(url).scheme
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
    return next((name for name in names if os.environ.get(name)), "the system's settings")


def explain_failure(error: BaseException, host: str, *, proxy: str | None) -> str:
    """Return why a connection failed, as a clause without a full stop: certificate, proxy, name, silence, or refusal."""
    causes = list(_walk_causes(error))
    if (untrusted := find_untrusted(error)) is not None:
        return (
            f"the certificate of {host} is not trusted here ({untrusted.verify_message or 'verification failed'}); "
            "if your network inspects traffic, set SSL_CERT_FILE to its CA file"
        )
    if any(isinstance(cause, httpx2.ProxyError) for cause in causes):
        return f"the proxy {describe_proxy(proxy or '')} refuses the connection to {host}"
    if proxy is not None and any(isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout) for cause in causes):
        return f"no connection to {host} through the proxy {describe_proxy(proxy)}"
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return f"{host} cannot be found from here: no internet connection, or no DNS"
    if any(isinstance(cause, TimeoutError | httpx2.TimeoutException) for cause in causes):
        return f"{host} did not answer in time"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return f"{host} refuses the connection"
    return f"the connection to {host} failed"


def find_untrusted(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """Return the refusal of a certificate that is behind an error; None where another thing failed."""
    return next((cause for cause in _walk_causes(error) if isinstance(cause, ssl.SSLCertVerificationError)), None)


def _walk_causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
