"""smolagents: an agent whose tools have no defaults, so that its model has to send every argument."""

from __future__ import annotations

from typing import Any

from mcp import StdioServerParameters
from smolagents import ChatMessage, ChatMessageToolCall, MCPClient, MessageRole, Model, Tool, ToolCallingAgent
from smolagents.models import ChatMessageToolCallFunction

from tests.clients.programs.story import Call, Seen, Step, fill, read_result, read_server, report, tell


class Scripted(Model):
    """A model that tells the story."""

    def __init__(self, tools: list[Tool], seen: Seen) -> None:
        super().__init__(model_id="scripted")
        self.seen = seen
        self.seen.tools.update({tool.name: {"type": "object", "properties": tool.inputs, "required": [*tool.inputs]} for tool in tools})
        self.telling = tell()
        self.last: Call | None = None

    def generate(self, messages: list[ChatMessage], *args: Any, **kwargs: Any) -> ChatMessage:
        """Return the next call; the last message has the result of the one before."""
        if self.last is None:
            self.last = next(self.telling)
        else:
            text, pictures = read_result([one if isinstance(one, dict) else one.content for one in messages[-1].content])
            self.seen.steps.append(Step(self.last.tool, text, pictures, False))
            try:
                self.last = self.telling.send(text)
            except StopIteration:
                self.last = None
        asked = Call("final_answer", {"answer": "Done."}) if self.last is None else fill(self.last, self.seen.tools[self.last.tool])
        function = ChatMessageToolCallFunction(name=asked.tool, arguments=asked.arguments)
        return ChatMessage(
            role=MessageRole.ASSISTANT, content="", tool_calls=[ChatMessageToolCall(id="c1", type="function", function=function)]
        )


def main() -> None:
    """Run the agent to its last answer."""
    server, seen = read_server(), Seen()
    parameters = StdioServerParameters(command=server.command, args=server.args, env=server.env)
    with MCPClient(parameters, adapter_kwargs={"connect_timeout": 120}, structured_output=True) as tools:
        agent = ToolCallingAgent(tools=tools, model=Scripted(tools, seen), max_steps=30, verbosity_level=0)
        agent.run("Make a clip.")
    report(seen)


if __name__ == "__main__":
    main()
