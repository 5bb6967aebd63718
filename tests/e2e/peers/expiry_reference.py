"""The reference client of docs/clients/expiry.py, with a line on stdout for all that happens to it.

usage: expiry_reference.py DIRECTORY_OF_THE_CLIENT URL   each line on stdin is the next token it is given
"""
import asyncio
import json
import sys

sys.path.insert(0, sys.argv[1])
from expiry import ExpiryNotifications  # noqa: E402


def say(kind, what):
    print(json.dumps([kind, what]), flush=True)


async def token():
    say("token", None)
    line = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    if not line:
        sys.exit(0)
    return line.strip()


async def show(notification):
    say("notification", notification)


asyncio.run(ExpiryNotifications(sys.argv[2], token, show, ping_every_s=0.2, first_wait_s=0.05, fresh_token_before_s=1,
                                on_state=lambda state: say("state", state)).run())
