"""`python -m tests.played muvi --port 0`: prints its port and plays until killed, or until its lifetime is over."""

from __future__ import annotations

import argparse
import asyncio

from . import VENDORS, played


async def _serve(name: str, port: int, lifetime_s: float, options: dict[str, str]) -> None:
    vendor = VENDORS[name]()
    for option, value in options.items():
        setattr(vendor, option, tuple(value.split(",")) if option == "walk" else value)
    async with played(vendor, port=port, lifetime_s=lifetime_s) as wire:
        print(wire.port, flush=True)
        await wire.wait()


def main() -> None:
    """Faults are armed by `POST /-/arm`, the oracle is `GET /-/made`, all requests are `GET /-/heard`."""
    parser = argparse.ArgumentParser(prog="python -m tests.played", description=main.__doc__)
    parser.add_argument("vendor", choices=sorted(VENDORS))
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--lifetime", type=float, default=300.0)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="walk=QUEUED,COMPLETED, key=…, shape=enveloped, …")
    given = parser.parse_args()
    options = dict(text.partition("=")[::2] for text in given.set)
    asyncio.run(_serve(given.vendor, given.port, given.lifetime, options))


if __name__ == "__main__":
    main()
