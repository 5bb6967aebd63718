// judge.mjs: did the server keep its promises? A verdict over a history of what clients saw.
//
// Knows nothing of the server: neither its code nor its store, only what was written down:
//
//   {"op":"trigger","state":"invoke|ok|fail|info","client":"c1","user":"u0","id":"c1-17"}
//   {"op":"read",   "state":"invoke|ok|fail|info","user":"u0","id":"c1-17"}
//   {"op":"create", "state":"invoke|ok|fail|info","id":"crash.3.1"}          a template, by the operator
//   {"op":"push","user":"u0","id":"c1-17"}                                   heard on a live socket
//   {"op":"stream","user":"u0","offset":17}                                  heard by a client that recovers, in its order
//   {"op":"unrecovered","user":"u0","offset":17}                             that client was told to start again from there
//   {"op":"round","round":3}                                                 a kill happened
//   {"op":"final","user":"u0","id":"c1-17","status":"UNREAD|READ"}           the feed at the end, oldest first
//   {"op":"final_template","id":"crash.3.1"}
//   {"op":"delivery","id":"c1-17","channel":"PUSH","status":"SENT"}          the log at the end
//   {"op":"delivery","id":"c1-17","channel":"EMAIL","status":"SENT","uncertain":1}  of so many attempts nobody knows what became
//   {"op":"handed","id":"c1-17"}                                             a provider was given it
//   {"op":"end"}                                                             the last read is complete
//
// ok: certainly done. fail: certainly not done. info: nobody knows (cut off, or 5xx after sending); an
// invoke without an answer is the same. Ids are unique to one call, so a history is judged by sets.

export const VERDICTS = ['lost', 'phantom', 'dup_history', 'order', 'stuck', 'gap', 'dup_provider'];

const FINAL_STATES = new Set(['SENT', 'DELIVERED', 'FAILED']);

export function judge(records) {
  const seen = collect(records);
  const findings = {
    lost: lost(seen), phantom: phantom(seen), dup_history: duplicates(seen), order: disorder(seen), stuck: stuck(seen), gap: gaps(seen),
    dup_provider: repeated(seen),
  };
  return {
    findings, rounds: seen.rounds, complete: seen.complete,
    acknowledged: seen.triggers.filter((one) => one.state === 'ok').length,
    unknown: seen.triggers.filter((one) => one.state === 'info').length,
    heard: seen.pushes.length, handed: seen.handed.length,
  };
}

// One pass: each call ends up with its last state, in the order of its invocation.
function collect(records) {
  const seen = {
    triggers: [], reads: [], creates: [], pushes: [], finals: [], handed: [], streams: new Map(), templates: new Set(), deliveries: null, rounds: 0, complete: false,
  };
  const open = new Map();
  const lists = { trigger: seen.triggers, read: seen.reads, create: seen.creates };
  for (const record of records) {
    const list = lists[record.op];
    if (list) called(list, open, record);
    else if (record.op === 'push') seen.pushes.push(record);
    else if (record.op === 'stream' || record.op === 'unrecovered') streamed(seen.streams, record);
    else if (record.op === 'final') seen.finals.push(record);
    else if (record.op === 'final_template') seen.templates.add(record.id);
    else if (record.op === 'delivery') (seen.deliveries ??= []).push(record);
    else if (record.op === 'handed') seen.handed.push(record);
    else if (record.op === 'round') seen.rounds++;
    else if (record.op === 'end') seen.complete = true;
  }
  return seen;
}

function streamed(streams, record) {
  if (!streams.has(record.user)) streams.set(record.user, []);
  streams.get(record.user).push(record);
}

function called(list, open, record) {
  const key = `${record.op} ${record.id}`;
  if (record.state === 'invoke') {
    const call = { ...record, state: 'info' };
    open.set(key, call);
    list.push(call);
  } else {
    const call = open.get(key);
    if (!call) throw new Error(`the history answers ${key}, which nobody asked`);
    call.state = record.state;
  }
}

function lost({ triggers, reads, creates, pushes, finals, templates, deliveries, handed }) {
  const present = new Map(finals.map((item) => [item.id, item]));
  const ok = (call) => call.state === 'ok';
  const given = new Set(handed.map((one) => one.id));
  const claimsToBeSent = (row) => row.channel !== 'PUSH' && row.status === 'SENT';
  return [
    ...(deliveries ?? []).filter((row) => claimsToBeSent(row) && !given.has(row.id)).map((row) => `delivery ${row.id}: SENT, and no provider has it`),
    ...triggers.filter((call) => ok(call) && !present.has(call.id)).map((call) => `event ${call.id}`),
    ...pushes.filter((push) => !present.has(push.id)).map((push) => `event ${push.id}, heard live`),
    ...reads.filter((call) => ok(call) && present.get(call.id)?.status !== 'READ').map((call) => `the read mark of ${call.id}`),
    ...creates.filter((call) => ok(call) && !templates.has(call.id)).map((call) => `template ${call.id}`),
  ];
}

function phantom({ triggers, reads, creates, pushes, finals, templates }) {
  const possible = (calls) => new Map(calls.filter((call) => call.state !== 'fail').map((call) => [call.id, call]));
  const [sent, marked, made] = [possible(triggers), possible(reads), possible(creates)];
  return [
    ...finals.filter((item) => sent.get(item.id)?.user !== item.user).map((item) => `event ${item.id} at ${item.user}`),
    ...pushes.filter((push) => sent.get(push.id)?.user !== push.user).map((push) => `live event ${push.id} at ${push.user}`),
    ...finals.filter((item) => item.status === 'READ' && !marked.has(item.id)).map((item) => `a read mark on ${item.id}`),
    ...[...templates].filter((id) => !made.has(id)).map((id) => `template ${id}`),
  ];
}

function duplicates({ finals }) {
  const ids = new Set();
  return finals.filter((item) => ids.size === ids.add(item.id).size).map((item) => `event ${item.id}`);
}

// A client has one call in flight, so its acknowledged events must lie in that order in a user's feed.
function disorder({ triggers, finals }) {
  const place = new Map(finals.map((item, index) => [item.id, index]));
  const last = new Map();
  const wrong = [];
  for (const call of triggers) {
    if (call.state !== 'ok' || !place.has(call.id)) continue;
    const key = `${call.client} ${call.user}`;
    const before = last.get(key);
    if (before && place.get(before) > place.get(call.id)) wrong.push(`${call.id} before ${before}`);
    last.set(key, call.id);
  }
  return wrong;
}

// Accepted, yet without a delivery, or with one that nothing will ever end.
function stuck({ triggers, deliveries }) {
  if (deliveries === null) return [];
  const states = new Map(deliveries.map((row) => [row.id, row.status]));
  return triggers
    .filter((call) => call.state === 'ok' && !FINAL_STATES.has(states.get(call.id)))
    .map((call) => `event ${call.id}: ${states.get(call.id) ?? 'no delivery'}`);
}

// A recovering client's positions grow by one from 1 to the end of its user's feed, but where it was told otherwise.
function gaps({ streams, finals }) {
  const wrong = [];
  for (const [user, records] of streams) {
    let at = 0;
    for (const { op, offset } of records) {
      if (op === 'stream' && offset !== at + 1) wrong.push(`${user} heard ${offset} after ${at}`);
      at = offset;
    }
    const end = finals.filter((item) => item.user === user).length;
    if (at !== end) wrong.push(`${user} heard up to ${at} of ${end}`);
  }
  return wrong;
}

// A provider was given one more often than the log admits: once, and once more for each attempt that a kill left uncertain.
function repeated({ handed, deliveries }) {
  const allowed = new Map((deliveries ?? []).map((row) => [row.id, 1 + (row.uncertain ?? 0)]));
  const times = new Map();
  for (const { id } of handed) times.set(id, (times.get(id) ?? 0) + 1);
  return [...times].filter(([id, count]) => count > (allowed.get(id) ?? 1)).map(([id, count]) => `event ${id}: ${count} times, ${allowed.get(id) ?? 1} allowed`);
}
