// Makes dist/ for npm: the same module as at /sdk/bell.js, whole, so that whoever installs it installs nothing else.
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');

execFileSync(process.execPath, [compiler, '-p', here], { stdio: ['ignore', 2, 2] });     // checks, writes nothing
rmSync(join(here, 'dist'), { recursive: true, force: true });
await esbuild.build({
    absWorkingDir: here, entryPoints: ['src/index.ts'], outfile: 'dist/bell.js',
    bundle: true, minify: true, format: 'esm', target: 'es2020', legalComments: 'eof', logLevel: 'warning',
});
copyFileSync(join(here, '../../LICENSE'), join(here, 'dist/LICENSE'));
