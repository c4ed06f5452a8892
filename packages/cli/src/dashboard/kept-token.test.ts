import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keptToken } from './kept-token.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'typekro-token-'));
  path = join(folder, 'dashboard-token');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the token in a file', () => {
  it('is the same for the same port, in a file that only its user may read, and no other file is left', () => {
    const token = keptToken(path, 8090);
    expect(token).toMatch(/^[\w-]{32}$/);
    expect(keptToken(path, 8090)).toBe(token);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['dashboard-token']);
  });

  it.each<[string, () => void, number]>([
    ['another port, because another program may use the earlier port later', () => {}, 8091],
    ['a file that other users may read', () => chmodSync(path, 0o644), 8090],
    ['a file that the group may write', () => chmodSync(path, 0o620), 8090],
  ])('is replaced by a new token for %s', (_what, change, port) => {
    const token = keptToken(path, 8090);
    change();
    const next = keptToken(path, port);
    expect(next).not.toBe(token);
    expect(keptToken(path, port)).toBe(next);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['dashboard-token']);
  });

  it.each<[string, () => void]>([
    ['a file of another program', () => writeFileSync(path, 'apiVersion: v1', { mode: 0o600 })],
    ['a short token', () => writeFileSync(path, '{"port":8090,"token":"abc"}', { mode: 0o600 })],
    ['an empty file', () => writeFileSync(path, '', { mode: 0o600 })],
    ['a large file', () => writeFileSync(path, `{"port":8090,"token":"${'a'.repeat(2000)}"}`, { mode: 0o600 })],
    ['a link', () => symlinkSync(join(folder, 'other'), path)],
    ['a folder', () => (path = folder)],
    ['a missing folder', () => (path = join(folder, 'none', 'file'))],
  ])('is refused for %s, and no file changes', (_what, make) => {
    make();
    const before = readdirSync(folder).map((name) => [name, name === 'dashboard-token' ? linkOrText() : '']);
    expect(() => keptToken(path, 8090)).toThrow(expect.objectContaining({ code: 'dashboard/token-file' }));
    expect(readdirSync(folder).map((name) => [name, name === 'dashboard-token' ? linkOrText() : ''])).toEqual(before);
  });
});

function linkOrText(): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return 'unreadable';
  }
}
