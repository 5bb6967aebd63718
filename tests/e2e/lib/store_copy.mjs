// store_copy.mjs: what the store holds, read from a backup by a SQLite that is not the server's.
//
// Only for what no route shows yet (the delivery log comes with e-mail and SMS). The live database is
// never opened: a second connection must not touch its write-ahead log.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { freshDirectory, runBinary } from '../harness.mjs';

const SCRIPT = `
import json, sqlite3, sys
rows = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True).execute(sys.argv[2])
print(json.dumps([dict(zip([c[0] for c in rows.description], row)) for row in rows]))
`;

// The rows of one query on a copy made now.
export async function queryCopy(server, sql) {
  const room = freshDirectory();
  try {
    const { code, stderr } = await runBinary(['backup', '--data', server.data, join(room, 'copy')]);
    assert.equal(code, 0, stderr);
    const answer = spawnSync('/usr/bin/python3', ['-c', SCRIPT, join(room, 'copy', 'orqestra.db'), sql],
      { encoding: 'utf8', maxBuffer: 1 << 28 });
    assert.equal(answer.status, 0, answer.stderr);
    return JSON.parse(answer.stdout);
  } finally {
    rmSync(room, { recursive: true });
  }
}
