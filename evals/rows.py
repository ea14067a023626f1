"""All rows."""

from __future__ import annotations

from .buying import BUYING
from .going_on import GOING_ON
from .prices import PRICES

CONVERSATIONS = (*PRICES, *BUYING, *GOING_ON)
