// certificate.mjs: certificates for 127.0.0.1 and localhost, made by the openssl command while the test runs.
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });

// kind: ec or rsa. expired: its last day is long past. Returns { cert, key }: paths.
export function makeCertificate(directory, name, { kind = 'ec', expired = false } = {}) {
  const [cert, key, request, extensions] = ['crt', 'key', 'csr', 'ext'].map((end) => join(directory, `${name}.${end}`));
  const algorithm = kind === 'ec' ? ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['rsa:2048'];
  writeFileSync(extensions, 'subjectAltName = IP:127.0.0.1, DNS:localhost\n');
  openssl('req', '-new', '-newkey', ...algorithm, '-nodes', '-keyout', key, '-out', request, '-subj', `/CN=${name}`);
  openssl('x509', '-req', '-in', request, '-signkey', key, '-days', expired ? '-1' : '30', '-extfile', extensions, '-out', cert);
  return { cert, key };
}

// A key that only opens with a passphrase.
export function lockKey(key, passphrase) {
  const locked = `${key}.locked`;
  openssl('pkey', '-in', key, '-aes256', '-passout', `pass:${passphrase}`, '-out', locked);
  return locked;
}

// What clients must trust: all of these certificates.
export function trust(...pairs) {
  return pairs.map(({ cert }) => readFileSync(cert));
}

// Puts another pair where the server looks for its own.
export function install({ cert, key }, to) {
  copyFileSync(key, to.key);
  copyFileSync(cert, to.cert);
}
