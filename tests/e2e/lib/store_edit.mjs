// store_edit.mjs: changes the store of a server that is stopped, for what only months of waiting would bring.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const SCRIPT = `
import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
changed = store.execute(sys.argv[2]).rowcount
store.commit()
print(changed)
`;

// How many rows the statement changed.
export function editStore(directory, sql) {
  const answer = spawnSync('/usr/bin/python3', ['-c', SCRIPT, join(directory, 'orqestra.db'), sql], { encoding: 'utf8' });
  assert.equal(answer.status, 0, answer.stderr);
  return Number(answer.stdout);
}
