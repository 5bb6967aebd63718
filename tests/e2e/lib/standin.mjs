// standin.mjs: an HTTP server that stands in for a provider: it writes down every call and answers as told.
import http from 'node:http';
import { within } from './inbox.mjs';

export class StandIn {
  static async start(answer = () => 200) {
    const standIn = new StandIn();
    standIn.answer = answer; // (call, index) -> status | { status, headers, body } | 'cut' | 'hang' | promise of these
    standIn.calls = []; // { method, path, headers, text, json, at }
    standIn.waiters = [];
    standIn.server = http.createServer((request, response) => standIn.#take(request, response));
    standIn.server.keepAliveTimeout = 60000;
    await new Promise((done) => standIn.server.listen(0, '127.0.0.1', done));
    standIn.url = `http://127.0.0.1:${standIn.server.address().port}`;
    return standIn;
  }

  async #take(request, response) {
    const parts = [];
    try {
      for await (const part of request) parts.push(part);
    } catch {
      return; // the caller is gone
    }
    const text = Buffer.concat(parts).toString();
    const call = { method: request.method, path: request.url, headers: request.headers, text, at: Date.now() };
    try {
      call.json = JSON.parse(text);
    } catch {
      call.json = null;
    }
    this.calls.push(call);
    for (const waiter of this.waiters) waiter();
    const told = await this.answer(call, this.calls.length - 1);
    if (told === 'cut') request.socket.destroy();
    if (told === 'cut' || told === 'hang') return;
    const { status, headers = {}, body = '' } = typeof told === 'number' ? { status: told } : told;
    response.writeHead(status, headers).end(body);
  }

  // Resolves once so many calls have come (or they fit the test).
  until(wanted, what = `${wanted} calls`) {
    const holds = typeof wanted === 'function' ? wanted : () => this.calls.length >= wanted;
    return within(new Promise((done) => {
      const look = () => holds(this.calls) && done(this.calls);
      this.waiters.push(look);
      look();
    }), what, 20000);
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((done) => this.server.close(done));
  }
}
