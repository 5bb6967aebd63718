// bell_page.mjs: somebody's application, on an origin of its own and with a strict policy, that has a bell in it.
import { once } from 'node:events';
import http from 'node:http';

const attribute = (text) => String(text).replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');

// Keeps what the bell tells; `refuse` names events to cancel.
const HOST_SCRIPT = `
window.heard = [];
window.refuse = new Set();
for (const name of ['notification', 'open', 'close', 'click', 'read', 'count', 'error']) {
  document.addEventListener('orqestra-' + name, (event) => {
    if (window.refuse.has(event.type)) event.preventDefault();
    const { item, id, unread, error } = event.detail;
    window.heard.push([event.type, item?.title ?? id ?? unread ?? error?.message ?? null]);
  });
}`;

export class BellPages {
  #server;
  #files = new Map([['/host.js', HOST_SCRIPT], ['/app.css', 'body { min-height: 100vh; margin: 0; padding: 24px; text-align: end; background: Canvas; color: CanvasText; color-scheme: light dark; }']]);

  static async open(port) {
    const pages = new BellPages();
    pages.base = `http://127.0.0.1:${port}`;
    pages.#server = http.createServer((request, response) => pages.#answer(request.url, response));
    pages.#server.listen(port, '127.0.0.1');
    await once(pages.#server, 'listening');
    return pages;
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  // The address of a page with this body; `files` are what its scripts may import.
  page(api, body, { html = '', scripts = ['/host.js'], files = {} } = {}) {
    for (const [path, text] of Object.entries(files)) this.#files.set(path, text);
    this.api = api;
    const path = `/page-${this.#files.size}`;
    this.#files.set(path, `<!doctype html><html lang="en" ${html}><head><meta charset="utf-8"><title>An application</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/app.css">${scripts.map((src) => `<script type="module" src="${src}"></script>`).join('')}</head>
<body><main><h1>An application</h1>${body}</main></body></html>`);
    return this.base + path;
  }

  bell(server, attributes, inside = '') {
    const given = { 'base-url': server.base, ...attributes };
    const list = Object.entries(given).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}="${attribute(value)}"`);
    return `<script type="module" src="${server.base}/sdk/bell.js"></script><orqestra-bell ${list.join(' ')}>${inside}</orqestra-bell>`;
  }

  #answer(path, response) {
    const text = this.#files.get(path);
    if (text === undefined) return response.writeHead(404).end();
    const type = path.endsWith('.js') ? 'text/javascript' : path.endsWith('.css') ? 'text/css' : 'text/html';
    const ws = this.api.replace(/^http/, 'ws');
    return response.writeHead(200, {
      'content-type': `${type}; charset=utf-8`,
      'content-security-policy': `default-src 'none'; script-src 'self' ${this.api}; style-src 'self'; img-src data:; `
        + `connect-src ${this.api} ${ws}; base-uri 'none'; require-trusted-types-for 'script'; trusted-types lit-html vue`,
    }).end(text);
  }
}
