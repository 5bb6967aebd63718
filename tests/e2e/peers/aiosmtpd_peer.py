"""A mail server of another make (Debian's python3-aiosmtpd), told by one JSON argument what to insist on:

    {"tls": "none|starttls|implicit", "cert": PATH, "key": PATH, "user": "...", "password": "...",
     "without": ["PLAIN"], "fail_first": true}   all optional

Prints {"port": N}, then one line a mail: what Python's email package reads in it. Ends with its standard input.
"""
import asyncio
import base64
import json
import ssl
import sys
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, AuthResult

told = json.loads(sys.argv[1])


def say(what):
    print(json.dumps(what), flush=True)


def read(content):
    mail = message_from_bytes(content, policy=policy.default)
    parts = [{"type": part.get_content_type(), "text": part.get_content()} for part in mail.walk() if not part.is_multipart()]
    return {
        "names": [name.lower() for name in mail.keys()], "subject": mail["subject"], "from": [[a.display_name, a.addr_spec] for a in mail["from"].addresses],
        "to": [a.addr_spec for a in mail["to"].addresses], "messageId": mail["message-id"], "type": mail.get_content_type(), "parts": parts,
        "defects": [str(one) for part in mail.walk() for one in part.defects],
    }


class Sink:
    failed = False
    connections = 0

    async def handle_DATA(self, server, session, envelope):
        envelope_says = {"mailFrom": envelope.mail_from, "rcptTos": envelope.rcpt_tos, "connections": Sink.connections, "tls": server.transport.get_extra_info("ssl_object") is not None,
                         "auth": bool(session.authenticated), "raw": base64.b64encode(envelope.content).decode()}
        if told.get("fail_first") and not Sink.failed:
            Sink.failed = True
            say({**read(envelope.content), **envelope_says, "refused": True})
            return "451 4.3.0 try again later"
        say({**read(envelope.content), **envelope_says})
        return "250 2.0.0 Ok: queued as PY%d" % len(envelope.content)


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == told["user"].encode() and data.password == told["password"].encode()
    return AuthResult(success=good, handled=good)


def context():
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(told["cert"], told["key"])
    return made


async def serve():
    tls = told.get("tls", "none")
    options = {"hostname": "127.0.0.1", "auth_exclude_mechanism": told.get("without", [])}
    if told.get("user"):
        options.update(authenticator=authenticate, auth_required=True, auth_require_tls=tls == "starttls")
    if tls == "starttls":
        options.update(tls_context=context(), require_starttls=True)
    sink = Sink()

    def connected():
        Sink.connections += 1
        return SMTP(sink, **options)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(connected, "127.0.0.1", 0, ssl=context() if tls == "implicit" else None)
    say({"port": server.sockets[0].getsockname()[1]})
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(serve())
