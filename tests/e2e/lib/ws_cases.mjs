// ws_cases.mjs: what RFC 6455 asks of a server, as a table: bytes of a client, and what must come back.
//
// A row is [name, bytes, expected]. expected lists events in order: 'reply' (to COMMAND), 'pong:TEXT', 'close:CODE'.
// After a close the server must say nothing more and end the connection; otherwise the connection must still live.
import { OP, closeFrame, frame } from './raw_tcp.mjs';

export const COMMAND = '{"id":2,"unsubscribe":{"channel":"x"}}';
export const REPLY = '{"id":2,"unsubscribe":{}}';
export const MESSAGE_MAX = 65536;

const join = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));
const hex = (text) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const name = (opcode) => Object.keys(OP).find((key) => OP[key] === opcode) ?? `opcode ${opcode}`;

// A command padded to exactly so many bytes; `inside` stands somewhere in its text.
function commandOf(length, inside = '') {
  const [head, tail] = ['{"id":2,"unsubscribe":{"channel":"x"},"pad":"', '"}'];
  const pad = length - head.length - tail.length - Buffer.byteLength(inside);
  return join(head, inside, 'p'.repeat(pad), tail);
}
const commandWith = (bytes) => join('{"id":2,"unsubscribe":{"channel":"x"},"pad":"', bytes, '"}');

// A header by hand, a mask of zeroes: [first byte, second byte without the mask bit, length bytes].
const byHand = (first, second, length = [], payload = '') => join([first, 0x80 | second, ...length], [0, 0, 0, 0], payload);

// The payload in frames, cut at these places.
function fragments(payload, cuts, between = Buffer.alloc(0)) {
  const bytes = Buffer.from(payload);
  const ends = [...cuts, bytes.length];
  return join(...ends.map((end, i) => {
    const fin = i === ends.length - 1;
    const one = frame(i ? OP.continuation : OP.text, bytes.subarray(i ? ends[i - 1] : 0, end), { fin });
    return fin ? one : join(one, between);
  }));
}

const started = frame(OP.text, COMMAND.slice(0, 9), { fin: false });
const finished = frame(OP.continuation, COMMAND.slice(9));

const OPCODES = [
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
    [`reserved opcode ${opcode}`, frame(opcode, 'x'), ['close:1002']],
    [`reserved opcode ${opcode}, empty`, frame(opcode, ''), ['close:1002']],
    [`reserved opcode ${opcode}, not final`, frame(opcode, 'x', { fin: false }), ['close:1002']],
    [`reserved opcode ${opcode} inside a message`, join(started, frame(opcode, 'x'), finished), ['close:1002']],
  ]),
  ['text', frame(OP.text, COMMAND), ['reply']],
  ['two texts', join(frame(OP.text, COMMAND), frame(OP.text, COMMAND)), ['reply', 'reply']],
  ['a message before a bad frame is still answered', join(frame(OP.text, COMMAND), frame(3, 'x')), ['reply', 'close:1002']],
  ['a message after a bad frame is not', join(frame(3, 'x'), frame(OP.text, COMMAND)), ['close:1002']],
  ['a pong nobody asked for', frame(OP.pong, 'x'), []],
  ['pongs between messages', join(frame(OP.pong), frame(OP.text, COMMAND), frame(OP.pong, 'y')), ['reply']],
];

const RESERVED_BITS = [1, 2, 3, 4, 5, 6, 7].flatMap((bits) => [
  ...[OP.text, OP.binary, OP.ping, OP.pong].map((opcode) => [
    `RSV ${bits} on ${name(opcode)}`, frame(opcode, opcode === OP.text ? COMMAND : 'x', { reserved: bits << 4 }), ['close:1002']]),
  [`RSV ${bits} on close`, frame(OP.close, hex('03e8'), { reserved: bits << 4 }), ['close:1002']],
  [`RSV ${bits} on a first fragment`, join(frame(OP.text, COMMAND.slice(0, 9), { fin: false, reserved: bits << 4 }), finished), ['close:1002']],
  [`RSV ${bits} on a continuation`, join(started, frame(OP.continuation, COMMAND.slice(9), { reserved: bits << 4 })), ['close:1002']],
]);

const MASKS = [
  ...[OP.text, OP.binary, OP.ping, OP.pong, OP.close].map((opcode) => [
    `${name(opcode)} without a mask`, frame(opcode, opcode === OP.close ? hex('03e8') : COMMAND, { masked: false }), ['close:1002']]),
  ['an empty text without a mask', frame(OP.text, '', { masked: false }), ['close:1002']],
  ['a continuation without a mask', join(started, frame(OP.continuation, COMMAND.slice(9), { masked: false })), ['close:1002']],
  ['a mask of zeroes', byHand(0x81, COMMAND.length, [], COMMAND), ['reply']],
  ...['ffffffff', '00ff00ff', '7b226964', '01020304', '80808080'].map((key) => [
    `the mask ${key}`, join([0x81, 0x80 | COMMAND.length], hex(key), Buffer.from(COMMAND).map((byte, i) => byte ^ hex(key)[i & 3])), ['reply']]),
  ...range(1, 9).map((shift) => [
    `unmasking ends ${shift} bytes off eight`, frame(OP.text, commandOf(64 + shift)), ['reply']]),
];

const LENGTHS = [
  ...[64, 124, 125, 126, 127, 128, 255, 256, 257, 1000, 16384, 32767, 32768, 65000, 65534, 65535, 65536].map((length) => [
    `a text of ${length} bytes`, frame(OP.text, commandOf(length)), ['reply']]),
  [`a text of ${MESSAGE_MAX + 1} bytes`, frame(OP.text, commandOf(MESSAGE_MAX + 1)), ['close:1009']],
  [`a claim of ${MESSAGE_MAX + 1} bytes and none of them`, frame(OP.text, '', { claim: MESSAGE_MAX + 1 }), ['close:1009']],
  ['a claim of 2^31 bytes', byHand(0x81, 127, hex('0000000080000000')), ['close:1009']],
  ['a claim of 2^32 bytes', byHand(0x81, 127, hex('0000000100000000')), ['close:1009']],
  ['a claim of 2^32 + 1 bytes', byHand(0x81, 127, hex('0000000100000001')), ['close:1009']],
  ['a claim of 2^63 - 1 bytes', byHand(0x81, 127, hex('7fffffffffffffff')), ['close:1009']],
  ['the highest bit of a length', byHand(0x81, 127, hex('8000000000000000')), ['close:1002']],
  ['all bits of a length', byHand(0x81, 127, hex('ffffffffffffffff')), ['close:1002']],
  ['the highest bit and a good length', byHand(0x81, 127, hex('8000000000010000'), commandOf(65536)), ['close:1002']],
  ...[0, 1, 38, 125].map((length) => [
    `${length} in 16 bits`, byHand(0x81, 126, [0, length], length < 38 ? 'x'.repeat(length) : COMMAND), ['close:1002']]),
  ...[0, 1, 38, 125, 126, 65535].map((length) => [
    `${length} in 64 bits`, byHand(0x81, 127, [0, 0, 0, 0, 0, 0, length >> 8, length & 0xff]), ['close:1002']]),
  ['a ping with its length in 16 bits', byHand(0x89, 126, [0, 5], 'hello'), ['close:1002']],
  ['a close with its length in 64 bits', byHand(0x88, 127, [0, 0, 0, 0, 0, 0, 0, 2], hex('03e8')), ['close:1002']],
];

const CONTROL_SIZES = [
  ...range(0, 125).map((length) => [
    `a ping of ${length} bytes`, frame(OP.ping, 'p'.repeat(length)), [`pong:${'p'.repeat(length)}`]]),
  ...[126, 127, 128, 1000, 65535, 65536].flatMap((length) => [OP.ping, OP.pong].map((opcode) => [
    `a ${name(opcode)} of ${length} bytes`, frame(opcode, 'p'.repeat(length)), ['close:1002']])),
  ...[1, 64, 125].map((length) => [`a pong of ${length} bytes`, frame(OP.pong, 'p'.repeat(length)), []]),
  ['a ping of every byte there is, first half', frame(OP.ping, Buffer.from(range(0, 124))), [`pong:${Buffer.from(range(0, 124)).toString('latin1')}`]],
  ['a ping of every byte there is, second half', frame(OP.ping, Buffer.from(range(131, 255))), [`pong:${Buffer.from(range(131, 255)).toString('latin1')}`]],
  ...[2, 10, 90].map((count) => [
    `${count} pings are answered in order`, join(...range(1, count).map((n) => frame(OP.ping, `${n}`))), range(1, count).map((n) => `pong:${n}`)]),
  ...[OP.ping, OP.pong, OP.close].flatMap((opcode) => ['', 'xy'].map((payload) => [
    `a ${name(opcode)} that is not final${payload && ', with payload'}`, frame(opcode, payload, { fin: false }), ['close:1002']])),
  ['a fragmented ping inside a message', join(started, frame(OP.ping, 'x', { fin: false }), finished), ['close:1002']],
];

const FRAGMENTS = [
  ...range(0, COMMAND.length).map((cut) => [
    `two fragments, cut at ${cut}`, fragments(COMMAND, [cut]), ['reply']]),
  ...range(0, COMMAND.length).map((cut) => [
    `cut at ${cut}, a ping between`, fragments(COMMAND, [cut], frame(OP.ping, `${cut}`)), [`pong:${cut}`, 'reply']]),
  ['a frame for each byte', fragments(COMMAND, range(1, COMMAND.length - 1)), ['reply']],
  ['a frame for each byte, a pong after each', fragments(COMMAND, range(1, COMMAND.length - 1), frame(OP.pong)), ['reply']],
  ['a frame for each byte, a ping after each', fragments(COMMAND, range(1, COMMAND.length - 1), frame(OP.ping, 'q')),
    [...range(1, COMMAND.length - 1).map(() => 'pong:q'), 'reply']],
  ['empty first, middle and last fragments', fragments(COMMAND, [0, 0, 9, 9, 9, COMMAND.length]), ['reply']],
  ['two fragmented messages', join(fragments(COMMAND, [5]), fragments(COMMAND, [6])), ['reply', 'reply']],
  ['a fragmented message, then a whole one', join(fragments(COMMAND, [5]), frame(OP.text, COMMAND)), ['reply', 'reply']],
  ['1,000 fragments', fragments(commandOf(1000), range(1, 999)), ['reply']],
  ['1,001 fragments', fragments(commandOf(1001), range(1, 1000)), ['close:1008']],
  [`${MESSAGE_MAX} bytes in two fragments`, fragments(commandOf(MESSAGE_MAX), [40000]), ['reply']],
  [`${MESSAGE_MAX} bytes in 64 fragments`, fragments(commandOf(MESSAGE_MAX), range(1, 63).map((n) => n * 1024)), ['reply']],
  [`${MESSAGE_MAX + 1} bytes in two fragments`, fragments(commandOf(MESSAGE_MAX + 1), [40000]), ['close:1009']],
  [`${MESSAGE_MAX + 1} bytes, the last alone`, fragments(commandOf(MESSAGE_MAX + 1), [MESSAGE_MAX]), ['close:1009']],
  [`a claim beyond ${MESSAGE_MAX} bytes in a continuation`, join(started, frame(OP.continuation, '', { claim: MESSAGE_MAX })), ['close:1009']],
  ['a ping in a full message does not count', fragments(commandOf(MESSAGE_MAX), [40000], frame(OP.ping, 'x'.repeat(125))), [`pong:${'x'.repeat(125)}`, 'reply']],
  ['a continuation of nothing', frame(OP.continuation, COMMAND), ['close:1002']],
  ['an empty continuation of nothing', frame(OP.continuation), ['close:1002']],
  ['a continuation of nothing that is not final', frame(OP.continuation, COMMAND, { fin: false }), ['close:1002']],
  ['a continuation after a whole message', join(frame(OP.text, COMMAND), frame(OP.continuation, 'x')), ['reply', 'close:1002']],
  ['a continuation after a fragmented message', join(fragments(COMMAND, [5]), frame(OP.continuation, 'x')), ['reply', 'close:1002']],
  ['a continuation after a ping', join(frame(OP.ping, 'a'), frame(OP.continuation, 'x')), ['pong:a', 'close:1002']],
  ...[OP.text, OP.binary].flatMap((opcode) => [true, false].map((fin) => [
    `a ${fin ? 'whole' : 'fragmented'} ${name(opcode)} inside a message`, join(started, frame(opcode, COMMAND, { fin }), finished), ['close:1002']])),
  ['a text inside a message, after a ping', join(started, frame(OP.ping, 'b'), frame(OP.text, COMMAND)), ['pong:b', 'close:1002']],
  ['a close inside a message', join(started, closeFrame(1000), finished), ['close:1000']],
];

// [what it is, its bytes]; a bare NUL is UTF-8 but no JSON, so from outside it cannot be told
const GOOD_UTF8 = [
  ['U+007F', '7f'], ['U+0080', 'c280'], ['U+00E9', 'c3a9'], ['U+07FF', 'dfbf'], ['U+0800', 'e0a080'], ['U+0FFF', 'e0bfbf'],
  ['U+1000', 'e18080'], ['U+20AC', 'e282ac'], ['U+CFFF', 'ecbfbf'], ['U+D000', 'ed8080'], ['U+D7FF', 'ed9fbf'], ['U+E000', 'ee8080'],
  ['U+FDD0', 'efb790'], ['U+FEFF', 'efbbbf'], ['U+FFFD', 'efbfbd'], ['U+FFFE', 'efbfbe'], ['U+FFFF', 'efbfbf'], ['U+10000', 'f0908080'],
  ['U+1F600', 'f09f9880'], ['U+3FFFF', 'f0bfbfbf'], ['U+40000', 'f1808080'], ['U+FFFFF', 'f3bfbfbf'], ['U+100000', 'f4808080'], ['U+10FFFF', 'f48fbfbf'],
  ['kosme', 'cebae1bdb9cf83cebcceb5'],
];

const BAD_UTF8 = [
  ['a lone continuation 80', '80'], ['a lone continuation BF', 'bf'], ['a run of continuations', '80bf80bf'],
  ['C0', 'c0'], ['C1', 'c1'], ['F5', 'f5'], ['F8', 'f8'], ['FC', 'fc'], ['FE', 'fe'], ['FF', 'ff'],
  ['overlong / in two', 'c0af'], ['overlong / in three', 'e080af'], ['overlong / in four', 'f08080af'], ['overlong / in five', 'f8808080af'],
  ['overlong / in six', 'fc80808080af'], ['overlong U+0000', 'c080'], ['overlong U+007F', 'c1bf'], ['overlong U+07FF', 'e09fbf'],
  ['overlong U+FFFF', 'f08fbfbf'], ['surrogate D800', 'eda080'], ['surrogate DB7F', 'edadbf'], ['surrogate DC00', 'edb080'], ['surrogate DFFF', 'edbfbf'],
  ['a surrogate pair', 'eda080edb080'], ['U+110000', 'f4908080'], ['U+13FFFF', 'f4bfbfbf'], ['U+140000', 'f5808080'], ['U+200000', 'f888808080'],
  ['U+7FFFFFFF', 'fdbfbfbfbfbf'], ['C3 without its second', 'c322'], ['E2 without its second', 'e222'], ['E2 82 without its third', 'e28222'],
  ['F0 without its second', 'f022'], ['F0 9F without its third', 'f09f22'], ['F0 9F 98 without its fourth', 'f09f9822'], ['C3 C3', 'c3c3'],
  ['E2 82 E2', 'e282e2'], ['F0 9F F0', 'f09ff0'], ['half a kosme', 'cebae1bdb9cf83cebcceb5eda080656469746564'],
];

// Every way to cut `bytes` in two that has something on both sides.
const cutsOf = (bytes) => range(1, bytes.length - 1);
const HEAD = 45; // bytes of a command before its pad

const UTF8 = [
  ...GOOD_UTF8.map(([what, code]) => [`${what} is text`, frame(OP.text, commandWith(hex(code))), ['reply']]),
  ...GOOD_UTF8.flatMap(([what, code]) => cutsOf(hex(code)).map((cut) => [
    `${what} cut after ${cut} bytes`, fragments(commandWith(hex(code)), [HEAD + cut]), ['reply']])),
  ...GOOD_UTF8.filter(([, code]) => code.length > 2).map(([what, code]) => [
    `${what} with a ping at each byte`, fragments(commandWith(hex(code)), range(HEAD, HEAD + code.length / 2), frame(OP.ping, 'u')),
    [...range(HEAD, HEAD + code.length / 2).map(() => 'pong:u'), 'reply']]),
  ...BAD_UTF8.map(([what, code]) => [`${what} is no text`, frame(OP.text, commandWith(hex(code))), ['close:1007']]),
  ...BAD_UTF8.map(([what, code]) => [`${what}, alone in its frame`, frame(OP.text, hex(code)), ['close:1007']]),
  ...BAD_UTF8.flatMap(([what, code]) => cutsOf(hex(code)).map((cut) => [
    `${what}, cut after ${cut} bytes`, fragments(commandWith(hex(code)), [HEAD + cut]), ['close:1007']])),
  ...['c3', 'e2', 'e282', 'f0', 'f09f', 'f09f98'].map((code) => [
    `a text that ends within a character, ${code}`, frame(OP.text, join('x', hex(code))), ['close:1007']]),
  ...['c3', 'e282', 'f09f98'].map((code) => [
    `a message whose last fragment is empty and which ends within a character, ${code}`,
    join(frame(OP.text, hex(code), { fin: false }), frame(OP.continuation)), ['close:1007']]),
  ...BAD_UTF8.filter(([what]) => !/ half /.test(what)).slice(3, 10).map(([what, code]) => [
    `${what} is refused before the message is complete`, frame(OP.text, hex(code), { fin: false }), ['close:1007']]),
  ['an overlong start is refused before its character is complete', frame(OP.text, hex('e080'), { fin: false }), ['close:1007']],
  ['a surrogate is refused before its character is complete', frame(OP.text, hex('eda0'), { fin: false }), ['close:1007']],
  ['a code point too high is refused before its character is complete', frame(OP.text, hex('f490'), { fin: false }), ['close:1007']],
  ['a ping need not be text', frame(OP.ping, hex('fffe')), ['pong:\xff\xfe']],
];

const GOOD_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4500, 4999];
const BAD_CODES = [0, 1, 125, 255, 256, 998, 999, 1004, 1005, 1006, 1015, 1016, 1099, 1100, 1999, 2000, 2500, 2999, 5000, 5001, 9999, 32768, 65535];

const CLOSING = [
  ['a close without a code', frame(OP.close), ['close:1000']],
  ...GOOD_CODES.map((code) => [`the code ${code}`, closeFrame(code), [`close:${code}`]]),
  ...BAD_CODES.map((code) => [`the code ${code}, which must not travel`, closeFrame(code), ['close:1002']]),
  ...['00', '03', 'ff'].map((byte) => [`half a code, ${byte}`, frame(OP.close, hex(byte)), ['close:1002']]),
  ...[1, 2, 50, 122, 123].map((length) => [`a reason of ${length} bytes`, closeFrame(1000, 'r'.repeat(length)), ['close:1000']]),
  ...[124, 125, 1000].map((length) => [`a reason of ${length} bytes`, closeFrame(1000, 'r'.repeat(length)), ['close:1002']]),
  ['a reason in Greek', closeFrame(1000, 'κόσμε'), ['close:1000']],
  ['a reason of 123 bytes that end with a character of four', closeFrame(1000, `${'r'.repeat(119)}😀`), ['close:1000']],
  ...BAD_UTF8.slice(0, 30).map(([what, code]) => [`a reason that is no text: ${what}`, frame(OP.close, join(hex('03e8'), hex(code))), ['close:1007']]),
  ['a reason that ends within a character', frame(OP.close, hex('03e8 72 e282')), ['close:1007']],
  ['a text after a close', join(closeFrame(1000), frame(OP.text, COMMAND)), ['close:1000']],
  ['a ping after a close', join(closeFrame(1000), frame(OP.ping, 'x')), ['close:1000']],
  ['a second close', join(closeFrame(1000), closeFrame(1001)), ['close:1000']],
  ['garbage after a close', join(closeFrame(1000), hex('ffffffffffffffffffff')), ['close:1000']],
  ['a message before a close', join(frame(OP.text, COMMAND), closeFrame(1000)), ['reply', 'close:1000']],
  ['a ping before a close', join(frame(OP.ping, 'x'), closeFrame(4321, 'bye')), ['pong:x', 'close:4321']],
  ['a text after an error', join(frame(OP.text, COMMAND, { masked: false }), frame(OP.text, COMMAND)), ['close:1002']],
  ['a ping after an error', join(frame(OP.ping, 'x', { fin: false }), frame(OP.ping, 'y')), ['close:1002']],
];

export const GROUPS = [
  ['5.2 opcodes', OPCODES], ['5.2 reserved bits', RESERVED_BITS], ['5.1, 5.3 masks', MASKS], ['5.2 lengths', LENGTHS],
  ['5.5 control frames', CONTROL_SIZES], ['5.4 fragments', FRAGMENTS], ['8.1 UTF-8', UTF8], ['7 closing', CLOSING],
];
