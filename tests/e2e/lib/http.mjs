// http.mjs: HTTP calls through node's own client, plain or within TLS as the base says.
import http from 'node:http';
import https from 'node:https';

// body: an object becomes JSON; a string or Buffer goes out as it is. Both are called
// application/json unless headers say otherwise; no body means no Content-Type at all.
export function call(agent, base, method, path, { headers = {}, body, key, bearer } = {}) {
  const bytes = body === undefined || Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body);
  const all = { ...headers };
  if (key !== undefined) all['x-api-key'] = key;
  if (bearer !== undefined) all.authorization = `Bearer ${bearer}`;
  if (bytes !== undefined) {
    const named = Object.keys(all).some((name) => name.toLowerCase() === 'content-type');
    if (!named) all['content-type'] = 'application/json';
    all['content-length'] = Buffer.byteLength(bytes);
  }
  return new Promise((resolve, reject) => {
    const { protocol, hostname, port } = new URL(base);
    const request = (protocol === 'https:' ? https : http).request({ hostname, port, path, method, agent, headers: all }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString();
        resolve({ status: response.statusCode, headers: response.headers, text, json: parse(text) });
      });
    });
    request.on('error', reject);
    request.end(bytes);
  });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
