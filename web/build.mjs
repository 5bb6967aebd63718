// Bundles the pages and writes one C file with all of them, raw and gzipped.
//
//   node build.mjs OUT_DIR     ->  OUT_DIR/files/...   what a browser will get, to look at
//                                  OUT_DIR/assets.c    the table src/app/http/assets.h promises
//
// A page is HTML that names its own sources (`./demo.ts`); they are bundled, their names get a hash of
// their content, and the page is rewritten to name the results. So a page is small and always fresh,
// and everything under /assets/ may be cached for ever. Modules that other people's pages import keep
// their names. Output depends on the input alone.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, '../build/web'));

const PAGES = { '/': 'home/index.html', '/demo': 'demo/index.html' };
const MODULES = { '/sdk/orqestra.js': 'client/src/index.ts', '/sdk/bell.js': 'bell/src/index.ts' };
const FILES = { '/favicon.svg': 'common/favicon.svg' };
const TYPES = {
    html: 'text/html; charset=utf-8', css: 'text/css; charset=utf-8',
    js: 'text/javascript; charset=utf-8', svg: 'image/svg+xml', txt: 'text/plain; charset=utf-8',
};

const read = (path) => readFileSync(join(here, path));
const LOCAL_REFERENCE = /(?<=(?:src|href)=")\.\/[^"]+\.(?:ts|css)(?=")/g;

/** The sources a page names, relative to web/. */
function entriesOf(page) {
    return [...read(page).toString().matchAll(LOCAL_REFERENCE)].map(([ref]) => join(dirname(page), ref));
}

const build = (options) => esbuild.build({
    absWorkingDir: here, bundle: true, write: false, metafile: true, minify: true,
    format: 'esm', target: 'es2020', legalComments: 'none', logLevel: 'warning', ...options,
});

async function bundle() {
    const result = await build({
        entryPoints: [...new Set(Object.values(PAGES).flatMap(entriesOf))],
        outdir: join(here, 'assets'), entryNames: '[name]-[hash]',
    });
    const named = {};        // source -> URL path
    for (const [file, { entryPoint }] of Object.entries(result.metafile.outputs))
        if (entryPoint) named[entryPoint] = `/assets/${basename(file)}`;
    const bytes = Object.fromEntries(
        result.outputFiles.map((f) => [`/assets/${basename(f.path)}`, Buffer.from(f.contents)]));
    return { named, bytes, inputs: Object.keys(result.metafile.inputs) };
}

/** A module for other people's pages: one file, nothing left to import. */
async function moduleOf(path, inputs) {
    const result = await build({ entryPoints: [path], outfile: 'module.js' });
    inputs.push(...Object.keys(result.metafile.inputs));
    return Buffer.from(result.outputFiles[0].contents);
}

function page(path, named) {
    const html = read(path).toString().replace(LOCAL_REFERENCE, (ref) => named[join(dirname(path), ref)]);
    if (/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/i.test(html))
        throw new Error(`${path}: inline script or style; the Content-Security-Policy would refuse it`);
    return Buffer.from(html);
}

/** The licences of every package whose code is in a bundle: their authors ask that they travel along. */
function licences(inputs) {
    const packages = new Set(inputs.map((i) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(i)?.[1]).filter(Boolean));
    const text = [...packages].sort().map((name) => {
        const { version } = JSON.parse(read(`node_modules/${name}/package.json`));
        const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt'].map((f) => `node_modules/${name}/${f}`)
            .find((f) => existsSync(join(here, f)));
        if (!file) throw new Error(`${name} is bundled but ships no licence text`);
        return `${name} ${version}\n${'-'.repeat(60)}\n${read(file).toString().trim()}\n`;
    });
    return Buffer.from(`The pages of Orqestra contain code of these packages.\n\n${text.join('\n')}`);
}

/** Bytes as a C string literal, 60 a line. Octal escapes are always three digits, so none can swallow the next byte. */
function literal(bytes) {
    const lines = [];
    for (let i = 0; i < bytes.length; i += 60) {
        let line = '';
        for (const b of bytes.subarray(i, i + 60)) {
            const plain = b >= 0x20 && b < 0x7f && b !== 0x22 && b !== 0x5c && b !== 0x3f;
            line += plain ? String.fromCharCode(b) : `\\${b.toString(8).padStart(3, '0')}`;
        }
        lines.push(`    "${line}"`);
    }
    return lines.join('\n') || '    ""';
}

function entry(path, bytes) {
    const gzip = gzipSync(bytes, { level: 9 });
    gzip[9] = 255;        // "made on": unknown, so that every machine makes the same bytes (RFC 1952 2.3)
    // Weak: one tag for the plain and the gzipped form (RFC 9110 8.8.1).
    const etag = `W/\\"${createHash('sha256').update(bytes).digest('hex').slice(0, 20)}\\"`;
    const type = TYPES[path.includes('.') ? path.split('.').pop() : 'html'];
    if (!type) throw new Error(`${path}: no content type is known for it`);
    return `    {STR_INIT("${path}"), STR_INIT("${type}"),\n     STR_INIT(\n${literal(bytes)}),\n`
        + `     STR_INIT(\n${literal(gzip)}),\n     STR_INIT("${etag}")},\n`;
}

function writeAll(assets) {
    rmSync(join(out, 'files'), { recursive: true, force: true });
    for (const [path, bytes] of Object.entries(assets)) {
        const file = join(out, 'files', path.includes('.') ? path : join(path, 'index.html'));
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, bytes);
    }
    writeFileSync(join(out, 'assets.c'),
        '/* Made by web/build.mjs; the table that src/app/http/assets.h promises. */\n'
        + '#include "app/http/assets.h"\n\nconst Asset asset_table[] = {\n'
        + Object.entries(assets).map(([path, bytes]) => entry(path, bytes)).join('')
        + `};\nconst size_t asset_count = ${Object.keys(assets).length};\n`);
}

const { named, bytes, inputs } = await bundle();
const assets = { ...bytes };
for (const [path, file] of Object.entries(PAGES)) assets[path] = page(file, named);
for (const [path, file] of Object.entries(MODULES)) assets[path] = await moduleOf(file, inputs);
for (const [path, file] of Object.entries(FILES)) assets[path] = read(file);
assets['/licences.txt'] = licences(inputs);
writeAll(assets);
const total = Object.values(assets).reduce((sum, b) => sum + b.length, 0);
const KiB = (count) => `${(count / 1024).toFixed(1)} KiB`;
console.log(`web: ${Object.keys(assets).length} files, ${KiB(total)}`);
for (const path of Object.keys(MODULES)) {
    console.log(`web: ${path} ${KiB(assets[path].length)}, ${KiB(gzipSync(assets[path], { level: 9 }).length)} gzipped`);
}
