/**
 * Packs the built package without writing a file, and fails when the tarball or the installed package is larger than its
 * limit.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Millions of bytes. */
const LIMITS = { packed: 3.88, unpacked: 12.79 };

const root = fileURLToPath(new URL('..', import.meta.url));
const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 1 << 26,
  shell: process.platform === 'win32',
});
const [{ size, unpackedSize }] = JSON.parse(packed);
for (const [name, bytes] of Object.entries({ packed: size, unpacked: unpackedSize })) {
  console.log(`${name}: ${(bytes / 1e6).toFixed(2)} MB of at most ${LIMITS[name]} MB`);
  if (bytes > LIMITS[name] * 1e6) process.exitCode = 1;
}
