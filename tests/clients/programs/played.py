"""A model's API on the loopback: it calls tools as the story says, and keeps what it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.clients.programs.story import Call, Seen, Step, fill, read_result, tell

Json = dict[str, Any]
NUMBERS = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2, "prompt_tokens": 1, "completion_tokens": 1}


@dataclass(frozen=True)
class Api:
    """The shapes of one vendor."""

    tools: Callable[[Json], Iterable[tuple[str, Json]]]
    """Names and schemas of the tools in a request."""
    result: Callable[[Json], tuple[Any, bool]]
    """The last result in a request, and whether it is marked as an error."""
    reply: Callable[[Call | None, int], Json]
    """A reply that calls a tool, or the last one."""


@contextmanager
def play(api: Api, seen: Seen, *, strict: bool = False) -> Generator[str]:
    """Give the address of a model that tells the story; `strict` sends every argument that a tool's schema requires."""
    telling = tell()
    last: list[Call] = []

    def answer(request: Json) -> Json:
        if not last:
            seen.tools.update(api.tools(request))
            call: Call | None = next(telling)
        else:
            result, refused = api.result(request)
            text, pictures = read_result(result)
            seen.steps.append(Step(last[-1].tool, text, pictures, refused))
            try:
                call = telling.send(text)
            except StopIteration:
                call = None
        if call is not None:
            last.append(fill(call, seen.tools[call.tool]) if strict else call)
            call = last[-1]
        return api.reply(call, len(last))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.dumps(answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def _gemini_tools(request: Json) -> Iterable[tuple[str, Json]]:
    for tool in request["tools"]:
        for declared in tool["functionDeclarations"]:
            yield declared["name"], declared.get("parameters") or declared["parametersJsonSchema"]


def _gemini_result(request: Json) -> tuple[Any, bool]:
    part = request["contents"][-1]["parts"]
    response = next(one["functionResponse"]["response"] for one in part if "functionResponse" in one)
    inner = response.get("result")
    return part, "error" in response or (isinstance(inner, Mapping) and bool(inner.get("isError") or inner.get("is_error")))


def _gemini_reply(call: Call | None, number: int) -> Json:
    part: Json = {"text": "Done."} if call is None else {"functionCall": {"id": f"c{number}", "name": call.tool, "args": call.arguments}}
    return {"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}]}


def _claude_result(request: Json) -> tuple[Any, bool]:
    block = next(one for one in request["messages"][-1]["content"] if one["type"] == "tool_result")
    return block["content"], bool(block.get("is_error"))


def _claude_reply(call: Call | None, number: int) -> Json:
    text = {"type": "text", "text": "Done."}
    block = text if call is None else {"type": "tool_use", "id": f"toolu_{number}", "name": call.tool, "input": call.arguments}
    reason = "end_turn" if call is None else "tool_use"
    head = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": "played"}
    return {**head, "content": [block], "stop_reason": reason, "stop_sequence": None, "usage": NUMBERS}


def _responses_result(request: Json) -> tuple[Any, bool]:
    return next(one["output"] for one in reversed(request["input"]) if one.get("type") == "function_call_output"), False


def _responses_reply(call: Call | None, number: int) -> Json:
    done = {"type": "output_text", "text": "Done.", "annotations": []}
    item: Json = {"type": "message", "id": f"m{number}", "role": "assistant", "status": "completed", "content": [done]}
    if call is not None:
        arguments = json.dumps(call.arguments)
        item = {"type": "function_call", "id": f"f{number}", "call_id": f"c{number}", "name": call.tool, "arguments": arguments}
    head = {"id": f"r{number}", "object": "response", "created_at": 1, "model": "played", "status": "completed"}
    usage = {**NUMBERS, "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    return {**head, "output": [item], "parallel_tool_calls": False, "tool_choice": "auto", "tools": [], "usage": usage}


def _chat_result(request: Json) -> tuple[Any, bool]:
    """Return the tool's message and what follows it: chat completions take a picture from the user only."""
    at = max(place for place, message in enumerate(request["messages"]) if message["role"] == "tool")
    return [message["content"] for message in request["messages"][at:]], False


def _chat_reply(call: Call | None, number: int) -> Json:
    message: Json = {"role": "assistant", "content": "Done."}
    if call is not None:
        function = {"name": call.tool, "arguments": json.dumps(call.arguments)}
        message = {"role": "assistant", "content": None, "tool_calls": [{"id": f"c{number}", "type": "function", "function": function}]}
    choice = {"index": 0, "message": message, "finish_reason": "stop" if call is None else "tool_calls"}
    return {"id": f"x{number}", "object": "chat.completion", "created": 1, "model": "played", "choices": [choice], "usage": NUMBERS}


GEMINI = Api(_gemini_tools, _gemini_result, _gemini_reply)
CLAUDE = Api(lambda request: ((tool["name"], tool["input_schema"]) for tool in request["tools"]), _claude_result, _claude_reply)
RESPONSES = Api(lambda request: ((tool["name"], tool["parameters"]) for tool in request["tools"]), _responses_result, _responses_reply)
CHAT = Api(
    lambda request: ((tool["function"]["name"], tool["function"]["parameters"]) for tool in request["tools"]), _chat_result, _chat_reply
)
