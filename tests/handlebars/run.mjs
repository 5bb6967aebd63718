// The oracle: renders every case with npm's handlebars and with ours, and compares byte for byte.
//
//   node tests/handlebars/run.mjs [PATH/TO/render_cases] [--generated COUNT] [--seed SEED]
//
// Without a path: build/dev/render_cases of this checkout.
// cases.json holds our own cases; generate.mjs makes the rest from a seed that is printed. A generated
// case counts as passed too when both refuse the template. The last line is "handlebars: N passed, M failed".
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { expected } from './oracle.mjs';
import { generate } from './generate.mjs';

const SHOWN = 20; // failures printed in full
// {{items.0}} and {{x.true}} are paths for us; handlebars.js wants brackets. Our own cases say what we make of them.
// A helper called wrongly in a branch that never runs is no error there. Here it is one when the template is saved.
const REFUSED_AT_SAVE = /is no helper|is used like this|is not supported|'as \|\.\.\.\|' works/;
const MORE_PATHS = /Expecting 'ID', got '(NUMBER|BOOLEAN|NULL|UNDEFINED)'/;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { generated: { type: 'string', default: '4000' }, seed: { type: 'string', default: '1' } },
});
const renderer = positionals[0] ?? fileURLToPath(new URL('../../build/dev/render_cases', import.meta.url));

const own = JSON.parse(readFileSync(new URL('cases.json', import.meta.url), 'utf8'));
const cases = [
  ...own.map((c) => ({ escape: false, data: {}, ...c })),
  ...generate(Number(options.generated), Number(options.seed)),
];

function renderAll() {
  // dataText lets a case carry JSON that JSON.stringify would not write, such as 1e400 or equal keys.
  const line = (c) =>
    `{"template":${JSON.stringify(c.template)},"escape":${c.escape},"data":${c.dataText ?? JSON.stringify(c.data)}}`;
  const run = spawnSync(renderer, { input: cases.map(line).join('\n') + '\n', maxBuffer: 2 ** 30 });
  if (run.status !== 0) {
    console.error(`${renderer} ended with ${run.status ?? run.signal ?? run.error}:\n${run.stderr}`);
    process.exit(1);
  }
  return run.stdout.toString().trimEnd().split('\n').map((text) => JSON.parse(text));
}

/** Own cases may name what they expect of us where we differ on purpose: "ours" or "refused". */
function verdict(c, ours) {
  if (c.ours !== undefined) return ours.output === c.ours ? null : { expected: { output: c.ours } };
  if (c.refused) return ours.error?.includes(c.refused) ? null : { expected: { error: c.refused } };
  const theirs = expected({ ...c, data: c.dataText ? JSON.parse(c.dataText) : c.data });
  if (theirs.error !== undefined && (ours.error !== undefined || MORE_PATHS.test(theirs.error))) return null;
  if (c.broken && REFUSED_AT_SAVE.test(ours.error)) return null;
  // UTF-8 has no half pairs: a lone surrogate of JavaScript leaves it as U+FFFD.
  const bytes = theirs.output === undefined ? undefined : Buffer.from(theirs.output).toString();
  return bytes !== undefined && bytes === ours.output ? null : { expected: theirs };
}

const results = renderAll();
let passed = 0;
let failed = 0;
let refused = 0;
for (const [i, c] of cases.entries()) {
  const wrong = verdict(c, results[i]);
  refused += results[i].error !== undefined;
  if (!wrong) {
    passed++;
  } else if (++failed <= SHOWN) {
    console.log(`FAILED ${c.name}\n  template ${JSON.stringify(c.template)}\n  data     ${c.dataText ?? JSON.stringify(c.data)}` +
      `\n  escape   ${c.escape}\n  expected ${JSON.stringify(wrong.expected)}\n  ours     ${JSON.stringify(results[i])}`);
  }
}
console.log(`${own.length} own cases, ${cases.length - own.length} generated with seed ${options.seed}; ${refused} refused by both or by design`);
console.log(`handlebars: ${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
