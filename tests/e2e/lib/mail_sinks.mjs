// mail_sinks.mjs: two mail servers of different makes: smtp-server (npm) and aiosmtpd (Python). Both say what they took in the same
// words, but what a mail means is read by Python's email package: nobody here parses what we wrote with what we believe.
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import { SMTPServer } from 'smtp-server';
import { Inbox, within } from './inbox.mjs';

export const USER = 'mailer';
export const PASSWORD = 'an-smtp-password-of-the-test';

const READER = `
import json, sys
from email import message_from_bytes, policy
mail = message_from_bytes(sys.stdin.buffer.read(), policy=policy.default)
parts = [{"type": part.get_content_type(), "text": part.get_content()} for part in mail.walk() if not part.is_multipart()]
print(json.dumps({
    "names": [name.lower() for name in mail.keys()], "subject": mail["subject"], "from": [[a.display_name, a.addr_spec] for a in mail["from"].addresses],
    "to": [a.addr_spec for a in mail["to"].addresses], "messageId": mail["message-id"], "type": mail.get_content_type(), "parts": parts,
    "defects": [str(one) for part in mail.walk() for one in part.defects]}))
`;

// What Python's email package reads in the bytes of a mail.
export function readMail(raw) {
  const { status, stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', READER], { input: raw, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

// told: { tls, pair, auth, login, failFirst }. pair: a certificate of lib/certificate.mjs; auth: one account; login: AUTH LOGIN alone.
export const SINKS = {
  'smtp-server': async (server, told = {}) => {
    const sink = { mails: new Inbox(), taken: 0, connections: 0 };
    let failed = !told.failFirst;
    const smtp = new SMTPServer({
      logger: false, secure: told.tls === 'implicit', authOptional: !told.auth, allowInsecureAuth: (told.tls ?? 'none') === 'none',
      authMethods: told.login ? ['LOGIN'] : ['PLAIN', 'LOGIN'],
      disabledCommands: [...(told.tls === 'starttls' ? [] : ['STARTTLS']), ...(told.auth ? [] : ['AUTH'])],
      ...(told.pair && { key: readFileSync(told.pair.key), cert: readFileSync(told.pair.cert) }),
      onConnect: (_, done) => ((sink.connections += 1), done()),
      onMailFrom: (_, session, done) => done(told.tls === 'starttls' && !session.secure ? Object.assign(new Error('Must issue a STARTTLS command first'), { responseCode: 530 }) : null),
      onAuth: ({ username, password, method }, _, done) => {
        sink.method = method;
        if (username === USER && password === PASSWORD) done(null, { user: username });
        else done(Object.assign(new Error('5.7.8 Authentication credentials invalid'), { responseCode: 535 }));
      },
      onData(stream, session, done) {
        const bytes = [];
        stream.on('data', (part) => bytes.push(part));
        stream.on('end', () => {
          const raw = Buffer.concat(bytes);
          const mail = { ...readMail(raw), raw, mailFrom: session.envelope.mailFrom.address, rcptTos: session.envelope.rcptTo.map((one) => one.address), tls: session.secure, auth: Boolean(session.user) };
          if (!failed) mail.refused = failed = true;
          else sink.taken += 1;
          sink.mails.push(mail);
          done(mail.refused ? Object.assign(new Error('4.3.0 try again later'), { responseCode: 451 }) : null);
        });
      },
    });
    smtp.on('error', () => {}); // a client that gives up within TLS
    await new Promise((done) => smtp.listen(0, '127.0.0.1', done));
    server.atStop(() => smtp.close());
    sink.port = smtp.server.address().port;
    return sink;
  },

  aiosmtpd: async (server, told = {}) => {
    const sink = { mails: new Inbox(), taken: 0, connections: 0 };
    const options = {
      tls: told.tls ?? 'none', cert: told.pair?.cert, key: told.pair?.key, without: told.login ? ['PLAIN'] : [], fail_first: told.failFirst,
      ...(told.auth && { user: USER, password: PASSWORD }),
    };
    const script = fileURLToPath(new URL('../peers/aiosmtpd_peer.py', import.meta.url));
    const child = spawn('/usr/bin/python3', [script, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
    server.atStop(() => child.stdin.end());
    const started = new Promise((done, fail) => {
      child.on('error', fail);
      createInterface({ input: child.stdout }).on('line', (line) => {
        const said = JSON.parse(line);
        if (said.port) return done(said.port);
        sink.connections = said.connections;
        if (!said.refused) sink.taken += 1;
        sink.mails.push({ ...said, raw: Buffer.from(said.raw, 'base64') });
      });
    });
    sink.port = await within(started, 'aiosmtpd to listen');
    return sink;
  },
};

export const credentialsOf = (sink, told = {}) => ({
  host: '127.0.0.1', port: sink.port, tls: told.tls ?? 'none', ...(told.auth && { username: USER, password: PASSWORD }),
});
