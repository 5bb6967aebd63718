"""A live peer in Python: connects with a token, subscribes, prints each publication's data as a line.

usage: websockets_peer.py URL TOKEN CHANNEL COUNT   (needs Debian's python3-websockets)
"""
import asyncio
import json
import sys

import websockets


async def main(url, token, channel, count):
    async with websockets.connect(url) as socket:
        await socket.send(
            json.dumps({"connect": {"token": token, "name": "python"}, "id": 1})
            + "\n"
            + json.dumps({"subscribe": {"channel": channel}, "id": 2})
        )
        async for frame in socket:
            for line in frame.split("\n"):
                message = json.loads(line)
                if message == {}:
                    await socket.send("{}")
                elif "error" in message:
                    sys.exit(f"refused: {message}")
                elif message.get("id") == 2:
                    print("subscribed", flush=True)
                elif "push" in message:
                    print(json.dumps(message["push"]["pub"]["data"]), flush=True)
                    count -= 1
                    if count == 0:
                        return


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
