// run.mjs: node's own test runner over the *_test.mjs files, two at a time, with a count at the end.
//
//   node run.mjs [--only PATTERN] [FILES...]
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { run } from 'node:test';
import { spec as Spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

function parse(args) {
  const chosen = { files: [], only: undefined };
  while (args.length) {
    const arg = args.shift();
    if (arg === '--only') chosen.only = args.shift();
    else chosen.files.push(existsSync(resolve(arg)) ? resolve(arg) : join(here, arg));
  }
  if (!chosen.files.length) {
    chosen.files = readdirSync(here).filter((name) => name.endsWith('_test.mjs')).sort().map((name) => join(here, name));
  }
  return chosen;
}

const { files, only } = parse(process.argv.slice(2));
for (const file of files) {
  if (!existsSync(file)) {
    console.error(`e2e: no such file: ${file}`);
    process.exit(2);
  }
}

const count = { passed: 0, failed: 0 };
const isTest = (data) => data.details?.type !== 'suite' && !files.includes(resolve(data.name));
const stream = run({ files, concurrency: 2, timeout: 180000, testNamePatterns: only });
stream.on('test:pass', (data) => {
  if (isTest(data) && data.skip === undefined) count.passed++;
});
stream.on('test:fail', (data) => {
  if (data.details?.type !== 'suite') count.failed++;
});
// The reporter's own exit code forgets files that failed outside a test; ours counts them.
const report = stream.compose(typeof Spec === 'function' && Spec.prototype ? new Spec() : Spec);
report.pipe(process.stdout);
report.on('end', () => {
  process.stdout.write(`e2e: ${count.passed} passed, ${count.failed} failed\n`, () => {
    process.exitCode = count.failed || !count.passed ? 1 : 0;
  });
});
