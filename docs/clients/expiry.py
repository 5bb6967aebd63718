"""How to stay connected to product-expiry notifications. An example to copy from; it needs the `websockets`
package (Debian: python3-websockets).

    async def token():                     # from your own backend: an access token for the signed-in user
        ...

    async def show(notification):          # {"id", "message", "type", "productName", "created_at", ...}
        print(notification["type"], notification["message"])

    asyncio.run(ExpiryNotifications("wss://notify.example.com/api/ws/notification", token, show).run())

The policy: a lost connection is opened again after 1 s, then after twice as long each time, 60 s at most, with
some randomness so that a thousand clients do not come back in one moment; a connection that was greeted clears
the count. PING goes out every 30 s. Before its token ends the client comes back with a fresh one. A
notification counts as handled when `show` returns: it is marked as read then, and one that comes twice is
shown once.
"""
import asyncio
import base64
import json
import random
import time
from urllib.parse import quote

import websockets

PING_EVERY_S = 30
FRESH_TOKEN_BEFORE_S = 30
REMEMBERED_IDS = 1000


def token_ends(token):
    """The `exp` of a JWT, which only the server can verify; a far future when there is none to be read."""
    try:
        payload = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"]
    except (IndexError, KeyError, ValueError):
        return time.time() + 86400


class ExpiryNotifications:
    def __init__(self, url, get_token, on_notification, *, ping_every_s=PING_EVERY_S, first_wait_s=1.0, longest_wait_s=60.0,
                 fresh_token_before_s=FRESH_TOKEN_BEFORE_S, on_state=lambda state: None):
        self.url = url
        self.get_token = get_token
        self.on_notification = on_notification
        self.ping_every_s = ping_every_s
        self.first_wait_s = first_wait_s
        self.longest_wait_s = longest_wait_s
        self.fresh_token_before_s = fresh_token_before_s
        self.on_state = on_state
        self.losses = 0  # in a row
        self.handled = {}  # ids, oldest first

    async def run(self):
        """Stays connected until it is cancelled."""
        while True:
            try:
                token = await self.get_token()
                async with websockets.connect(f"{self.url}?access_token={quote(token)}") as socket:
                    await self._serve(socket, token)
            except (OSError, asyncio.TimeoutError, websockets.WebSocketException) as lost:
                self.on_state(f"lost: {lost}")
                wait_s = min(self.first_wait_s * 2 ** self.losses, self.longest_wait_s)
                self.losses += 1
                await asyncio.sleep(wait_s * random.uniform(0.8, 1.2))

    async def _serve(self, socket, token):
        """Returns when it is time for a fresh token; raises when the connection is lost."""
        others = [asyncio.ensure_future(self._keep_alive(socket))]
        try:
            listening = asyncio.ensure_future(self._listen(socket))
            others.append(listening)
            await asyncio.wait_for(asyncio.shield(listening), max(token_ends(token) - time.time() - self.fresh_token_before_s, 0.1))
        except asyncio.TimeoutError:
            self.on_state("fresh token")
        finally:
            for other in others:
                other.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    async def _keep_alive(self, socket):
        while True:
            await asyncio.sleep(self.ping_every_s)
            await socket.send("PING")

    async def _listen(self, socket):
        while True:
            message = json.loads(await socket.recv())
            if message.get("type") == "CONNECTION_ESTABLISHED":
                self.losses = 0
                self.on_state(f"connected as {message['userId']}")
            elif message.get("type") == "pong":
                self.on_state("pong")
            elif "id" in message:
                await self._handle(socket, message)

    async def _handle(self, socket, notification):
        if notification["id"] not in self.handled:
            await self.on_notification(notification)
            self.handled[notification["id"]] = True
            while len(self.handled) > REMEMBERED_IDS:
                del self.handled[next(iter(self.handled))]
        await socket.send(json.dumps({"action": "mark_read", "id": notification["id"]}))
