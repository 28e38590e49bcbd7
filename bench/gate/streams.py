"""Many open streams of events: a backend that holds them, and a client that opens them.

`streams.py serve PORT` is the backend: it answers every POST with a stream, an event at once and one
each second, and every GET with 200.
"""

import asyncio
import json
import ssl
import sys
import time

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def answer(reader, writer):
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET"):
            writer.write(FINE)
            await writer.drain()
            return
        writer.write(HEAD)
        number = 0
        while True:
            event = f'data: {{"jsonrpc":"2.0","method":"notifications/message","params":{{"n":{number}}}}}\n\n'
            writer.write(b"%x\r\n%s\r\n" % (len(event), event.encode()))
            await writer.drain()
            number += 1
            await asyncio.sleep(1)
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def serve(port):
    server = await asyncio.start_server(answer, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


def listen_request(port, headers):
    """A modern `subscriptions/listen`: a POST that is answered by a long stream."""
    prefix = "io.modelcontextprotocol/"
    meta = {f"{prefix}protocolVersion": "2026-07-28", f"{prefix}clientCapabilities": {}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": {"_meta": meta}}
    body = json.dumps(message).encode()
    lines = {
        "Host": f"127.0.0.1:{port}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": "subscriptions/listen",
        **headers,
        "Content-Length": len(body),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST /mcp HTTP/1.1\r\n{head}\r\n".encode() + body


async def hold(port, headers, count, tls, inspect):
    """Opens `count` streams, sees three events on each, and calls `inspect` while all are open."""
    request = listen_request(port, headers)
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    gate = asyncio.Semaphore(50)
    events = [0] * count
    writers = []

    async def one(index):
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
            writers.append(writer)
            writer.write(request)
            status = await reader.readline()
            if b" 200 " not in status:
                raise SystemExit(f"a stream was answered with {status!r}")
        while True:
            line = await reader.readline()
            if not line:
                raise SystemExit("a stream ended")
            events[index] += line.startswith(b"data:")

    tasks = [asyncio.create_task(one(index)) for index in range(count)]
    until = time.monotonic() + 60
    while min(events) < 3:
        for task in tasks:
            if task.done():
                task.result()
        if time.monotonic() > until:
            raise SystemExit(f"{sum(1 for n in events if n < 3)} of {count} streams are silent")
        await asyncio.sleep(0.1)
    seen = inspect()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for writer in writers:
        writer.transport.abort()
    return seen


if __name__ == "__main__":
    assert sys.argv[1] == "serve"
    asyncio.run(serve(int(sys.argv[2])))
