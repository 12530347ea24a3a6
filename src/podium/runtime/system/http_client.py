"""HTTP client: one pool of connections that looks at every address before it connects."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import Final, Literal

import httpcore2
import httpx2
import msgspec

Reach = Literal["any", "network", "public"]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

KEPT_CONNECTIONS: Final = 64
KEPT_SECONDS: Final = 15.0


class ClientOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to connect."""

    reach: Reach = "network"
    proxy: str = ""
    connections: int = 64


def create_client(options: ClientOptions) -> httpx2.AsyncClient:
    """A client that follows no redirect by itself and reads nothing from the environment."""
    limits = httpx2.Limits(max_connections=options.connections, max_keepalive_connections=KEPT_CONNECTIONS, keepalive_expiry=KEPT_SECONDS)
    transport = (
        httpx2.AsyncHTTPTransport(proxy=options.proxy, limits=limits, trust_env=False)
        if options.proxy
        else GuardedTransport(options.reach, limits)
    )
    return httpx2.AsyncClient(transport=transport, follow_redirects=False, trust_env=False)


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """Connects only where it may; what was looked at is what it connects to, so that a name cannot change in between."""

    def __init__(self, reach: Reach, limits: httpx2.Limits) -> None:
        super().__init__(limits=limits, trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context(trust_env=False),
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=Guard(reach),
        )


class Guard(httpcore2.AsyncNetworkBackend):
    """Resolves names itself."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the base class says so
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address of a name that may be reached and answers. Raises ConnectError."""
        failure: Exception = httpcore2.ConnectError(f"{host} has no address that may be reached (setting http-addresses: {self._reach})")
        for address in await self._addresses(host, port):
            if not reachable(address, self._reach):
                continue
            try:
                return await self._backend.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as problem:
                failure = problem
        raise failure

    async def _addresses(self, host: str, port: int) -> list[Address]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as problem:
            raise httpcore2.ConnectError(f"{host}: {problem.strerror or problem}") from problem
        return [ipaddress.ip_address(place[0]) for *_, place in found]

    async def sleep(self, seconds: float) -> None:
        """Wait between attempts."""
        await self._backend.sleep(seconds)


def reachable(address: Address, reach: Reach) -> bool:
    """Whether an HTTP task may connect to an address."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if reach == "any":
        return True
    if reach == "public":
        return address.is_global and not address.is_multicast
    return not (address.is_link_local or address.is_multicast or address.is_unspecified)
