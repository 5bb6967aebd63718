// raw_tcp.mjs: bytes on a TCP (or, where the server has it, TLS) socket, for requests and frames that no decent client would send.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import { Inbox, within } from './inbox.mjs';

export class RawTcp {
  #bytes = Buffer.alloc(0);
  #arrivals = new Inbox();

  static async open(server) {
    const raw = new RawTcp();
    raw.server = server;
    const to = { port: server.port, host: '127.0.0.1', noDelay: true };
    raw.socket = server.tls ? tls.connect({ ...to, ...server.tls }) : net.connect(to);
    raw.closed = new Promise((resolve) => raw.socket.on('close', resolve));
    raw.socket.on('data', (part) => raw.#arrivals.push(part));
    raw.socket.on('end', () => raw.#arrivals.end('the peer closed'));
    raw.socket.on('error', (error) => raw.#arrivals.end(String(error)));
    server.atStop(() => raw.socket.destroy());
    await within(new Promise((resolve, reject) => {
      raw.socket.on(server.tls ? 'secureConnect' : 'connect', resolve);
      raw.socket.on('error', reject);
    }), 'a TCP connection');
    return raw;
  }

  write(data) {
    this.socket.write(data);
  }

  // One write a byte: whatever the server reads, it gets in crumbs.
  async drip(data) {
    for (const byte of Buffer.from(data)) {
      this.socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #more(what) {
    this.#bytes = Buffer.concat([this.#bytes, await this.#arrivals.next(what)]);
  }

  async take(count) {
    while (this.#bytes.length < count) await this.#more(`${count} bytes`);
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  async takeUntil(mark) {
    let at;
    while ((at = this.#bytes.indexOf(mark)) < 0) await this.#more(JSON.stringify(mark));
    return (await this.take(at + mark.length)).toString('latin1');
  }

  // The next HTTP response, its body read by Content-Length (which we always send).
  async response({ toHead = false } = {}) {
    const [first, ...lines] = (await this.takeUntil('\r\n\r\n')).trimEnd().split('\r\n');
    const matched = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(first);
    assert.ok(matched, `a status line: ${first}`);
    const status = Number(matched[1]);
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      assert.ok(colon > 0, `a header line: ${line}`);
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const bare = toHead || status < 200 || status === 204 || status === 304;
    const text = bare ? '' : (await this.take(Number(headers['content-length']))).toString();
    return { status, headers, text, json: text ? JSON.parse(text) : undefined };
  }

  // The peer must close now, having sent nothing more.
  async end() {
    for (;;) {
      try {
        await this.#more('the end of the stream');
      } catch (error) {
        assert.match(String(error), /the peer closed|ECONNRESET|EPIPE/, String(error));
        break;
      }
    }
    const rest = this.#bytes.toString();
    this.socket.destroy();
    assert.equal(rest, '', 'nothing after the last answer');
  }

  // From here on WebSocket frames; `early` is sent in the same packet as the request.
  async upgrade({ path = '/connection/websocket', headers = '', early = Buffer.alloc(0) } = {}) {
    const key = randomBytes(16).toString('base64');
    const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${this.server.port}\r\nConnection: Upgrade\r\n`
      + `Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${headers}\r\n`;
    this.write(Buffer.concat([Buffer.from(request), early]));
    const response = await this.response();
    if (response.status === 101) {
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      assert.equal(response.headers['sec-websocket-accept'], accept);
      assert.equal(response.headers.upgrade.toLowerCase(), 'websocket');
      assert.equal(response.headers.connection.toLowerCase(), 'upgrade');
    }
    return response;
  }

  // The next frame from the server: { fin, opcode, payload }. Servers never mask (RFC 6455 5.1).
  async frame() {
    const [first, second] = await this.take(2);
    assert.equal(second & 0x80, 0, 'an unmasked frame');
    assert.equal(first & 0x70, 0, 'no reserved bits');
    let length = second & 0x7f;
    if (length === 126) length = (await this.take(2)).readUInt16BE();
    else if (length === 127) length = Number((await this.take(8)).readBigUInt64BE());
    return { fin: Boolean(first & 0x80), opcode: first & 0x0f, payload: await this.take(length) };
  }

  async closeFrame() {
    const { opcode, payload } = await this.frame();
    assert.equal(opcode, OP.close);
    return { code: payload.readUInt16BE(), reason: payload.subarray(2).toString() };
  }
}

export const OP = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

// A client's frame; every rule can be broken by an option.
export function frame(opcode, payload = '', { fin = true, masked = true, reserved = 0, claim } = {}) {
  const bytes = Buffer.from(payload);
  const length = claim ?? bytes.length;
  const head = [(fin ? 0x80 : 0) | reserved | opcode];
  const mask = masked ? 0x80 : 0;
  if (length < 126) head.push(mask | length);
  else if (length < 65536) head.push(mask | 126, length >> 8, length & 0xff);
  else head.push(mask | 127, 0, 0, 0, 0, (length >>> 24) & 0xff, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff);
  if (!masked) return Buffer.concat([Buffer.from(head), bytes]);
  const key = randomBytes(4);
  return Buffer.concat([Buffer.from(head), key, bytes.map((byte, i) => byte ^ key[i & 3])]);
}

export function closeFrame(code, reason = '') {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return frame(OP.close, payload);
}
