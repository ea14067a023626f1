# /// script
# dependencies = ["replicate==1.0.7"]
# ///
"""What Replicate's own library sends for an order, and what it types of a prediction. It does not know the models' fields."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import httpx
import replicate
from replicate.prediction import Prediction, Predictions
from typed import answer, list_samples, list_words


def find_errors(path: str, body: dict[str, Any]) -> Iterator[str]:
    sent: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(201, json=_list_predictions()[0])

    client = replicate.Client(api_token="r8", transport=httpx.MockTransport(take))
    more = {name: value for name, value in body.items() if name != "input"}
    for name in set(more) - set(Predictions.CreatePredictionParams.__annotations__):
        yield f".{name} is no field"
    client.models.predictions.create(path.removeprefix("/v1/models/").removesuffix("/predictions"), body["input"])
    if sent[0].url.path != path:
        yield f"{path} is not {sent[0].url.path}"
    if json.loads(sent[0].content)["input"] != body["input"]:
        yield f"{body['input']!r} is not {sent[0].content!r}"


def list_replies() -> Iterator[dict[str, Any]]:
    """Yield predictions as typed, and with each end that the library waits for."""
    predictions = _list_predictions()
    words = list_words(inspect.getsource(Prediction.wait))
    more = [{**prediction, "status": word} for prediction in predictions[:1] for word in words]
    yield from ({"status": 200, "body": prediction} for prediction in (*predictions, *more))


def _list_predictions() -> list[dict[str, Any]]:
    return list_samples(Prediction)


if __name__ == "__main__":
    answer(find_errors, list_replies)
