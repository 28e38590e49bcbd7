"""A server with the official Python SDK, over HTTP on the port that is given: the tools, prompts and
resources of the conformance suite that show what a gate may lose: streams, sessions, questions asked back."""

import asyncio
import base64
import sys

from mcp.server.mcpserver import Context, Image, MCPServer
from pydantic import BaseModel

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)

server = MCPServer("python-under-test", version="1")


class User(BaseModel):
    username: str
    email: str


@server.tool()
def test_simple_text() -> str:
    """Answers with a text."""
    return "This is a simple text response for testing."


@server.tool()
def test_image_content() -> Image:
    """Answers with a picture."""
    return Image(data=PIXEL, format="png")


@server.tool()
def test_error_handling() -> str:
    """Always fails."""
    raise ValueError("This tool intentionally returns an error for testing")


@server.tool()
async def test_tool_with_logging(context: Context) -> str:
    """Logs three messages while it runs."""
    for message in ["Tool execution started", "Tool processing data", "Tool execution completed"]:
        await context.info(message)
        await asyncio.sleep(0.05)
    return "done"


@server.tool()
async def test_tool_with_progress(context: Context) -> str:
    """Reports its progress while it runs."""
    for progress in [0, 50, 100]:
        await context.report_progress(progress, 100)
        await asyncio.sleep(0.05)
    return "done"


@server.tool()
async def test_elicitation(message: str, context: Context) -> str:
    """Asks the user for a name and an address."""
    answer = await context.elicit(message, User)
    return f"User response: {answer.action}"


@server.resource("test://static-text", mime_type="text/plain")
def static_text() -> str:
    """A text that never changes."""
    return "This is the content of the static text resource."


@server.resource("test://static-binary", mime_type="image/png")
def static_binary() -> bytes:
    """A picture of one red pixel."""
    return PIXEL


@server.resource("test://template/{id}/data", mime_type="application/json")
def template(id: str) -> str:
    """Data for any id."""
    return f'{{"id":"{id}","templateTest":true,"data":"Data for ID: {id}"}}'


@server.prompt()
def test_simple_prompt() -> str:
    """A prompt without arguments."""
    return "This is a simple prompt for testing."


@server.prompt()
def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
    """A prompt with two arguments."""
    return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"


if __name__ == "__main__":
    server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
