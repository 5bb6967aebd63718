"""A plain Python client of the expiry dialect: prints each frame, marks what has an id, as many do.

usage: expiry_peer.py URL COUNT   ends after COUNT frames; prints "closed CODE REASON" when the server ends it
"""
import asyncio
import json
import sys

import websockets


async def main(url, count):
    try:
        async with websockets.connect(url) as socket:
            async for frame in socket:
                print(frame, flush=True)
                message = json.loads(frame)
                if "id" in message:
                    await socket.send(json.dumps({"action": "mark_read", "id": message["id"]}))
                count -= 1
                if count == 0:
                    await socket.send("PING")
                    print(await socket.recv(), flush=True)
                    return
            print(f"closed {socket.close_code} {socket.close_reason}", flush=True)
    except websockets.ConnectionClosed as closed:
        print(f"closed {closed.code} {closed.reason}", flush=True)


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
