// identity.mjs: somebody else's login system: key pairs, tokens signed with them, and a server that
// publishes key sets and counts who asks.
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import { nowSeconds } from './jwt.mjs';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

export class Signer {
  constructor(alg, kid) {
    this.alg = alg;
    this.kid = kid;
    if (alg === 'HS256') {
      this.secret = `the tenant's own secret ${kid ?? ''} of its login system`;
      return;
    }
    const pair = alg === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.privateKey = pair.privateKey;
    this.publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' });
    this.jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg };
  }

  // A token for a minute; claims override, undefined drops one.
  sign(claims, header = {}) {
    const now = nowSeconds();
    const text = `${encode({ alg: this.alg, typ: 'JWT', kid: this.kid, ...header })}.${
      encode({ iat: now, exp: now + 60, ...claims })}`;
    return `${text}.${this.#signature(text)}`;
  }

  #signature(text) {
    if (this.alg === 'HS256') return createHmac('sha256', this.secret).update(text).digest('base64url');
    const key = this.alg === 'ES256' ? { key: this.privateKey, dsaEncoding: 'ieee-p1363' } : this.privateKey;
    return createSign('sha256').update(text).sign(key, 'base64url');
  }
}

export class KeyServer {
  static async start() {
    const server = new KeyServer();
    await new Promise((done) => server.http.listen(0, '127.0.0.1', done));
    server.url = `http://127.0.0.1:${server.http.address().port}/jwks.json`;
    return server;
  }

  constructor() {
    this.requests = [];
    this.keys = [];
    this.answer = null; // (request, response) => ..., instead of the keys
    this.http = http.createServer((request, response) => {
      this.requests.push(request);
      if (this.answer) this.answer(request, response);
      else response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: this.keys }));
    });
  }

  publish(...signers) {
    this.keys = signers.map((signer) => signer.jwk);
  }

  stop() {
    this.http.closeAllConnections();
    return new Promise((done) => this.http.close(done));
  }
}
