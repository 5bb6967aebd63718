// ws_handshakes.mjs: opening handshakes (RFC 6455 4.2.1), good and bad, as a table.
//
// A row is [name, changes, statuses]: changes replace lines of GOOD (null drops one, an array puts several), statuses
// lists what may be answered. `more` lists headers the answer must have (undefined: must not).
export const GOOD = {
  request: 'GET /connection/websocket HTTP/1.1',
  host: 'Host: example.com',
  upgrade: 'Upgrade: websocket',
  connection: 'Connection: Upgrade',
  key: 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  version: 'Sec-WebSocket-Version: 13',
  other: null,
};

const version13 = { 'sec-websocket-version': '13' };

export const HANDSHAKES = [
  ['as in RFC 6455 1.2', {}, [101]],
  ['names of headers in other letters', { key: 'sec-websocket-KEY: dGhlIHNhbXBsZSBub25jZQ==', version: 'SEC-WEBSOCKET-VERSION: 13' }, [101]],
  ['spaces around values', { upgrade: 'Upgrade:   websocket  ', key: 'Sec-WebSocket-Key:\tdGhlIHNhbXBsZSBub25jZQ== \t' }, [101]],
  ['a query behind the path', { request: 'GET /connection/websocket?a=b HTTP/1.1' }, [101]],
  ['headers nobody knows', { other: ['X-Whatever: 1', 'Cookie: a=b', 'Pragma: no-cache'] }, [101]],

  ['POST', { request: 'POST /connection/websocket HTTP/1.1' }, [400, 404, 405]],
  ['PUT', { request: 'PUT /connection/websocket HTTP/1.1' }, [400, 404, 405]],
  ['DELETE', { request: 'DELETE /connection/websocket HTTP/1.1' }, [400, 404, 405]],
  ['HEAD', { request: 'HEAD /connection/websocket HTTP/1.1' }, [400, 405, 426]],
  ['HTTP/1.0', { request: 'GET /connection/websocket HTTP/1.0' }, [400, 426]],
  ['HTTP/0.9', { request: 'GET /connection/websocket' }, [400, 505]],
  ['HTTP/2.0', { request: 'GET /connection/websocket HTTP/2.0' }, [400, 505]],
  ['another path', { request: 'GET /connection/nothing HTTP/1.1' }, [404]],
  ['no Host', { host: null }, [400]],
  ['two Hosts', { host: ['Host: a', 'Host: b'] }, [400]],
  ['a body', { other: 'Content-Length: 5' }, [400, 426], {}, 'hello'],
  ['a chunked body', { other: 'Transfer-Encoding: chunked' }, [400, 426], {}, '0\r\n\r\n'],

  ['no Upgrade', { upgrade: null }, [400, 426]],
  ['Upgrade in other letters', { upgrade: 'upgrade: WebSocket' }, [101]],
  ['Upgrade among others', { upgrade: 'Upgrade: h2c, websocket' }, [101]],
  ['Upgrade in a second header', { upgrade: ['Upgrade: h2c', 'Upgrade: websocket'] }, [101]],
  ['Upgrade to h2c', { upgrade: 'Upgrade: h2c' }, [400, 426]],
  ['Upgrade to websockets', { upgrade: 'Upgrade: websockets' }, [400, 426]],
  ['Upgrade to web socket', { upgrade: 'Upgrade: web socket' }, [400, 426]],
  ['an empty Upgrade', { upgrade: 'Upgrade:' }, [400, 426]],

  ['no Connection', { connection: null }, [400, 426]],
  ['Connection in other letters', { connection: 'CONNECTION: uPGRADE' }, [101]],
  ['Connection among others', { connection: 'Connection: keep-alive, Upgrade' }, [101]],
  ['Connection among others, first', { connection: 'Connection: Upgrade,keep-alive' }, [101]],
  ['Connection in a second header', { connection: ['Connection: keep-alive', 'Connection: Upgrade'] }, [101]],
  ['Connection: keep-alive', { connection: 'Connection: keep-alive' }, [400, 426]],
  ['Connection: Upgraded', { connection: 'Connection: Upgraded' }, [400, 426]],
  ['Connection: x-Upgrade', { connection: 'Connection: x-Upgrade' }, [400, 426]],
  ['an empty Connection', { connection: 'Connection:' }, [400, 426]],

  ['no key', { key: null }, [400]],
  ['an empty key', { key: 'Sec-WebSocket-Key:' }, [400]],
  ['a key of 15 bytes', { key: `Sec-WebSocket-Key: ${Buffer.alloc(15, 1).toString('base64')}` }, [400]],
  ['a key of 17 bytes', { key: `Sec-WebSocket-Key: ${Buffer.alloc(17, 1).toString('base64')}` }, [400]],
  ['a key of 18 bytes, as long as one of 16', { key: `Sec-WebSocket-Key: ${Buffer.alloc(18, 1).toString('base64')}` }, [400]],
  ['a key of one byte', { key: 'Sec-WebSocket-Key: AA==' }, [400]],
  ['a key without its padding', { key: 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ' }, [400]],
  ['a key that is no base64', { key: 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ!==' }, [400]],
  ['a key in the alphabet of URLs', { key: 'Sec-WebSocket-Key: __________________8A__==' }, [400]],
  ['a key with a space in it', { key: 'Sec-WebSocket-Key: dGhlIHNhbXBs ZSBub25jZQ==' }, [400]],
  ['a key twice', { key: [GOOD.key, GOOD.key] }, [400]],
  ['two keys', { key: [GOOD.key, 'Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA=='] }, [400]],

  ['no version', { version: null }, [400, 426]],
  ['an empty version', { version: 'Sec-WebSocket-Version:' }, [400, 426]],
  ...['0', '7', '8', '12', '14', '25', '113', '130', '1 3', '013', '+13', '13.0', 'thirteen', '-13', '0x0d', '13, 8', '8, 13'].map((version) => [
    `the version ${version}`, { version: `Sec-WebSocket-Version: ${version}` }, [426], version13]),
  ['two versions', { version: ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 8'] }, [400, 426]],

  ['no subprotocol', {}, [101], { 'sec-websocket-protocol': undefined }],
  ['a subprotocol', { other: 'Sec-WebSocket-Protocol: centrifuge-json' }, [101], { 'sec-websocket-protocol': 'centrifuge-json' }],
  ['a subprotocol among others', { other: 'Sec-WebSocket-Protocol: a, centrifuge-json, b' }, [101], { 'sec-websocket-protocol': 'centrifuge-json' }],
  ['a subprotocol in a second header', { other: ['Sec-WebSocket-Protocol: a', 'Sec-WebSocket-Protocol: centrifuge-json'] }, [101], { 'sec-websocket-protocol': 'centrifuge-json' }],
  ['subprotocols nobody knows', { other: 'Sec-WebSocket-Protocol: chat, superchat' }, [101], { 'sec-websocket-protocol': undefined }],
  ['a subprotocol in other letters is another', { other: 'Sec-WebSocket-Protocol: Centrifuge-JSON' }, [101], { 'sec-websocket-protocol': undefined }],
  ['part of a subprotocol is another', { other: 'Sec-WebSocket-Protocol: centrifuge' }, [101], { 'sec-websocket-protocol': undefined }],

  ['extensions nobody knows', { other: 'Sec-WebSocket-Extensions: foo; bar=1, baz' }, [101], { 'sec-websocket-extensions': undefined }],
  ['deflate-stream, which is gone', { other: 'Sec-WebSocket-Extensions: x-webkit-deflate-frame' }, [101], { 'sec-websocket-extensions': undefined }],

  ['a header without a colon', { other: 'Sec-WebSocket-Whatever' }, [400]],
  ['a space before a colon', { other: 'X-Spaced : 1' }, [400]],
  ['a folded header', { other: 'X-Folded: a\r\n b' }, [400]],
  ['a NUL in a header', { other: 'X-Nul: a\0b' }, [400]],
];
