// check_history.mjs: prints the verdicts over a history file; exit 0 only when all of them are 0.
//
//   node check_history.mjs HISTORY.jsonl
import { readFileSync } from 'node:fs';
import { VERDICTS, judge } from './judge.mjs';

const SHOWN = 10; // findings a verdict shows; the count is always whole

const [file] = process.argv.slice(2);
if (!file) {
  console.error('usage: check_history.mjs HISTORY.jsonl');
  process.exit(2);
}
const records = readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
const result = judge(records);
let bad = 0;
for (const verdict of VERDICTS) {
  const findings = result.findings[verdict];
  bad += findings.length;
  console.log(`${verdict.padEnd(12)} ${findings.length}`);
  for (const finding of findings.slice(0, SHOWN)) console.log(`    ${finding}`);
}
console.log(`in ${result.rounds} rounds: ${result.acknowledged} acknowledged, ${result.unknown} unknown, ${result.heard} heard live, ${result.handed} handed to providers`);
if (result.rounds) console.log(`(with 0 in N rounds the true rate is below 3/N: here ${(3 / result.rounds).toFixed(3)} a round)`);
if (!result.complete) console.log('incomplete: the last read did not finish');
if (!result.acknowledged) console.log('empty: nothing was acknowledged, so nothing was tested');
const clean = VERDICTS.filter((verdict) => !result.findings[verdict].length).length;
console.log(`${clean} passed, ${VERDICTS.length - clean} failed`);
process.exit(bad || !result.complete || !result.acknowledged ? 1 : 0);
