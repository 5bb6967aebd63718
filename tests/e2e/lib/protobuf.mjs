// protobuf.mjs: the protocol's second encoding, as little of it as tests speak by hand. A message is a list of
// [field, value] pairs: numbers are varints, everything else is bytes behind their length.
export const varint = (value) => {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return [...bytes, value];
};

export function encode(fields) {
  const bytes = [];
  for (const [field, value] of fields) {
    if (typeof value === 'number') bytes.push(...varint(field * 8), ...varint(value));
    else bytes.push(...varint(field * 8 + 2), ...varint(Buffer.from(value).length), ...Buffer.from(value));
  }
  return Buffer.from(bytes);
}

// Messages one behind the other, each behind its length.
export const delimited = (...messages) => Buffer.concat(messages.flatMap((m) => [Buffer.from(varint(m.length)), m]));

function reader(bytes) {
  let at = 0;
  const number = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error(`cut off: ${Buffer.from(bytes).toString('hex')}`);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const block = () => {
    const length = number();
    if (at + length > bytes.length) throw new Error(`cut off: ${Buffer.from(bytes).toString('hex')}`);
    return bytes.subarray(at, (at += length));
  };
  return { number, block, more: () => at < bytes.length };
}

export function split(bytes) {
  const messages = [];
  for (const r = reader(bytes); r.more();) messages.push(r.block());
  return messages;
}

// { field: [values] } of one message.
export function decode(bytes) {
  const fields = {};
  for (const r = reader(bytes); r.more();) {
    const tag = r.number();
    (fields[tag >> 3] ??= []).push((tag & 7) === 0 ? r.number() : r.block());
  }
  return fields;
}

// Field numbers of Command and Reply that tests use.
export const COMMAND = { id: 1, connect: 4, subscribe: 5, unsubscribe: 6, publish: 7, history: 10, send: 12, rpc: 13 };
export const REPLY = { id: 1, error: 2, push: 4, connect: 5, subscribe: 6, unsubscribe: 7 };
export const connectCommand = (id, token) => encode([[COMMAND.id, id], [COMMAND.connect, encode([[1, token]])]]);
export const subscribeCommand = (id, channel) => encode([[COMMAND.id, id], [COMMAND.subscribe, encode([[1, channel]])]]);
