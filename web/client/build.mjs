// Makes dist/ for npm: one module that leaves centrifuge to be installed, and its types. What the server serves at
// /sdk/orqestra.js is made by web/build.mjs from the same source and has everything in it.
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync(join(here, 'dist'), { recursive: true, force: true });
await esbuild.build({
    absWorkingDir: here, entryPoints: ['src/index.ts'], outfile: 'dist/index.js',
    bundle: true, external: ['centrifuge'], format: 'esm', target: 'es2022', logLevel: 'warning',
});
execFileSync(process.execPath, [compiler, '-p', here], { stdio: ['ignore', 2, 2] });
copyFileSync(join(here, '../../LICENSE'), join(here, 'dist/LICENSE'));
