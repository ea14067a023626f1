# /// script
# dependencies = ["google-genai==3.6.1"]
# ///
"""Google's own types of an interaction: what a request may be, and every state and step of its answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.genai import _interactions_errors as errors
from google.genai._gaos.types.interactions.createmodelinteraction import CreateModelInteractionParam
from google.genai._gaos.types.interactions.error import Error
from google.genai._gaos.types.interactions.interaction import InteractionStatus
from google.genai._gaos.types.interactions.modeloutputstep import ModelOutputStepParam
from typed import KNOWN, answer, compare, list_refusals, list_samples


def find_errors(path: str, body: dict[str, Any]) -> list[str]:
    return compare(body, CreateModelInteractionParam)


def list_replies() -> Iterator[dict[str, Any]]:
    """Yield every state, with each error and each step of the model. Steps of tools are none of a video's."""
    steps = list_samples(ModelOutputStepParam)
    for status in list_samples(InteractionStatus):
        reply = {"id": KNOWN["id"], "status": status}
        parts = [{}, *({"error": error} for error in list_samples(Error)), *({"steps": [step]} for step in steps)]
        yield from ({"status": 200, "body": reply | part} for part in parts)
    yield from list_refusals(errors.APIStatusError.__subclasses__())


if __name__ == "__main__":
    answer(find_errors, list_replies)
