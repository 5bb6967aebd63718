// checker_test.mjs: the checker of crash histories must find what it is there to find.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VERDICTS, judge } from '../checker/judge.mjs';

const call = (op, id, state, more = {}) => [
  { op, state: 'invoke', id, client: 'c', user: 'u', ...more },
  ...(state ? [{ op, state, id, client: 'c', user: 'u', ...more }] : []),
];
const final = (id, status = 'UNREAD', user = 'u') => ({ op: 'final', user, id, status });
const counts = (records) => {
  const { findings } = judge(records.flat());
  return Object.fromEntries(VERDICTS.filter((name) => findings[name].length).map((name) => [name, findings[name].length]));
};

test('a clean history has no findings, whatever became of the unknown ones', () => {
  const base = [call('trigger', 'a', 'ok'), call('trigger', 'b', 'info'), call('trigger', 'c'), call('trigger', 'd', 'fail')];
  assert.deepEqual(counts([...base, final('a')]), {});
  assert.deepEqual(counts([...base, final('a'), final('b'), final('c')]), {});
  const result = judge([...base, final('a'), { op: 'round', round: 1 }, { op: 'end' }].flat());
  assert.deepEqual([result.acknowledged, result.unknown, result.rounds, result.complete], [1, 2, 1, true]);
});

test('lost: acknowledged or heard, but not there', () => {
  assert.deepEqual(counts([call('trigger', 'a', 'ok')]), { lost: 1 });
  assert.deepEqual(counts([call('trigger', 'a', 'info'), { op: 'push', user: 'u', id: 'a' }]), { lost: 1 });
  assert.deepEqual(counts([call('trigger', 'a', 'ok'), call('read', 'a', 'ok'), final('a')]), { lost: 1 });
  assert.deepEqual(counts([call('create', 't', 'ok')]), { lost: 1 });
});

test('phantom: there, but never sent, or certainly refused, or at another user', () => {
  assert.deepEqual(counts([final('x')]), { phantom: 1 });
  assert.deepEqual(counts([call('trigger', 'a', 'fail'), final('a')]), { phantom: 1 });
  assert.deepEqual(counts([call('trigger', 'a', 'ok'), final('a', 'UNREAD', 'v')]), { phantom: 1 });
  assert.deepEqual(counts([call('trigger', 'a', 'ok'), final('a', 'READ')]), { phantom: 1 });
  assert.deepEqual(counts([{ op: 'final_template', id: 't' }]), { phantom: 1 });
});

test('dup_provider: handed over more often than what is known as uncertain', () => {
  const sent = (uncertain) => ({ op: 'delivery', id: 'a', channel: 'EMAIL', status: 'SENT', uncertain });
  const base = [call('trigger', 'a', 'ok'), final('a')];
  const handed = { op: 'handed', id: 'a' };
  assert.deepEqual(counts([...base, handed, sent(0)]), {});
  assert.deepEqual(counts([...base, handed, handed, sent(1)]), {});
  assert.deepEqual(counts([...base, handed, sent(1)]), {});
  assert.deepEqual(counts([...base, handed, handed, sent(0)]), { dup_provider: 1 });
  assert.deepEqual(counts([...base, sent(0)]), { lost: 1 }); // it says so, and nobody has it
});

test('dup_history: one event twice', () => {
  assert.deepEqual(counts([call('trigger', 'a', 'ok'), final('a'), final('a')]), { dup_history: 1 });
});

test('order: acknowledged one after the other, stored the other way round', () => {
  const two = [call('trigger', 'a', 'ok'), call('trigger', 'b', 'ok')];
  assert.deepEqual(counts([...two, final('b'), final('a')]), { order: 1 });
  const other = [call('trigger', 'a', 'ok'), call('trigger', 'b', 'ok', { client: 'd' })];
  assert.deepEqual(counts([...other, final('b'), final('a')]), {});
});

test('stuck: accepted, and nothing will ever end it', () => {
  const base = [call('trigger', 'a', 'ok'), call('trigger', 'b', 'ok'), call('trigger', 'c', 'ok'), final('a'), final('b'), final('c')];
  const delivery = (id, status) => ({ op: 'delivery', id, channel: 'PUSH', status });
  assert.deepEqual(counts([...base, delivery('a', 'SENT'), delivery('b', 'PENDING')]), { stuck: 2 });
});

test('gap: a recovering client that skips, repeats or ends early without having been told', () => {
  const sent = ['a', 'b', 'c'].map((id) => [call('trigger', id, 'ok'), final(id)]).flat(2);
  const heard = (...offsets) => offsets.map((offset) => ({ op: 'stream', user: 'u', offset }));
  const told = (offset) => ({ op: 'unrecovered', user: 'u', offset });
  assert.deepEqual(counts([...sent, ...heard(1, 2, 3)]), {});
  assert.deepEqual(counts([...sent, told(2), ...heard(3)]), {});
  assert.deepEqual(counts([...sent, ...heard(1, 3)]), { gap: 1 });
  assert.deepEqual(counts([...sent, ...heard(1, 2, 2, 3)]), { gap: 1 });
  assert.deepEqual(counts([...sent, ...heard(1, 2)]), { gap: 1 });
  assert.deepEqual(counts([...sent, ...heard(2, 3)]), { gap: 1 });
});

test('an answer nobody asked for is a broken history, not a verdict', () => {
  assert.throws(() => judge([{ op: 'trigger', state: 'ok', id: 'a' }]), /nobody asked/);
});
