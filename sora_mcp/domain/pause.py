"""A model that is bought no more, because it cost more than was quoted."""

from __future__ import annotations

from dataclasses import dataclass

from sora_mcp.domain.money import Micros


@dataclass(frozen=True)
class Pause:
    """A model that cost more than was quoted: nothing is bought of it until a person resumes it."""

    model: str
    since: float
    why: str
    job_id: str
    """The video that cost more."""
    quoted: Micros | None = None
    cost: Micros | None = None
    """What was quoted for that video, and what the vendor named for it, as far as the store has it."""
    fair_models: frozenset[str] = frozenset()
    """The vendor's models of which it charged a clip since, and no more than was quoted."""

    @property
    def is_overcharge(self) -> bool:
        """Return whether it is known by how much the video cost more."""
        return bool(self.quoted and self.cost and self.cost > self.quoted)

    def expect(self, price: Micros) -> Micros:
        """Return what a clip of this price costs where the vendor charges as much more for it."""
        return Micros(price * self.cost // self.quoted) if self.quoted and self.cost and self.is_overcharge else price

    @property
    def vendor(self) -> str:
        """The name of the vendor that charged it."""
        return self.model.partition(":")[0]
