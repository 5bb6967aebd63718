"""A live peer in Python: the official client connects with a token, subscribes, prints each publication's data as
a line.

usage: centrifuge_peer.py URL TOKEN CHANNEL COUNT json|protobuf [fossil]   (needs requirements.txt)
"""
import asyncio
import json
import sys

from centrifuge import Client, ClientEventHandler, DeltaType, SubscriptionEventHandler


def line(data):
    text = data if isinstance(data, (bytes, bytearray)) else json.dumps(data).encode()
    print(json.dumps(json.loads(text)), flush=True)


class Connection(ClientEventHandler):
    async def on_disconnected(self, ctx):
        print(f"disconnected {ctx.code} {ctx.reason}", flush=True)

    async def on_error(self, ctx):
        print(f"error {ctx.code} {ctx.error}", flush=True)


class Events(SubscriptionEventHandler):
    def __init__(self):
        self.heard = asyncio.Queue()

    async def on_subscribed(self, ctx):
        print("subscribed", flush=True)

    async def on_unsubscribed(self, ctx):
        print(f"unsubscribed {ctx.code} {ctx.reason}", flush=True)

    async def on_publication(self, ctx):
        await self.heard.put(ctx.pub.data)


async def main(url, token, channel, count, encoding, delta=None):
    events = Events()
    client = Client(url, events=Connection(), token=token, use_protobuf=encoding == "protobuf")
    subscription = client.new_subscription(channel, events=events, delta=DeltaType.FOSSIL if delta else None)
    await client.connect()
    await subscription.subscribe()
    for _ in range(count):
        line(await events.heard.get())


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), *sys.argv[5:]))
