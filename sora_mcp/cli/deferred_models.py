"""Build the SDK's models at their first use: it defines several hundred for both eras, of which one session uses a few.

Looked at with pydantic 2.14 and mcp 2.3 on 2026-11-30; look again with mcp 2.5 or on 2027-03-01, whichever comes first.
"""

from __future__ import annotations

import os

from pydantic import BaseModel, TypeAdapter


def defer_models() -> None:
    """Defer the validators of all models and adapters that are defined after this call.

    Pydantic is told to look for no plugins: it would read the metadata of every installed package before it builds the first model.
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    BaseModel.model_config["defer_build"] = True
    # An adapter of a union has no config that could say so, and pydantic no default: https://github.com/pydantic/pydantic/pull/10537
    TypeAdapter._defer_build = True  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue] - see above
