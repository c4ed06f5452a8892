import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { rememberTokenFile } from './credential-files.ts';
import { SERVICE_ACCOUNT_FOLDER } from './in-cluster.ts';
import type { Clock } from '../kube-api.ts';

let folder = '';
let path = '';
let now = 0;
const clock: Clock = { now: () => now, setTimer: () => ({ cancel: () => undefined }) };
beforeEach(async () => {
  now = 0;
  folder = await mkdtemp(join(tmpdir(), 'typekro-token-'));
  path = join(folder, 'token');
  await writeFile(path, 'one\n');
});

const unusable: readonly (readonly [string, () => Promise<void>])[] = [
  ['cannot be read', () => rm(path)],
  ['is empty', () => writeFile(path, '\n')],
];

describe.each(unusable)('a token file that %s', (_what, spoil) => {
  test('leaves the last token in use', async () => {
    const token = rememberTokenFile(path, clock);
    expect(await token.get()).toBe('one');
    await spoil();
    now = 61_000;
    expect(await token.get()).toBe('one');
    await writeFile(path, 'two');
    now = 122_000;
    expect(await token.get()).toBe('two');
  });

  test('is an error if no token was read before, or if the server has refused the last token', async () => {
    const token = rememberTokenFile(path, clock);
    await token.get();
    await spoil();
    token.forget((known) => known === 'one');
    const error = expect.objectContaining({ code: 'kube/no-token', remedy: expect.stringContaining('log in again') });
    await expect(token.get()).rejects.toEqual(error);
    await expect(rememberTokenFile(path, clock).get()).rejects.toEqual(error);
  });
});

test('the remedy for a missing token of a pod is to mount the token of its ServiceAccount', async () => {
  const token = rememberTokenFile(join(SERVICE_ACCOUNT_FOLDER, 'none', 'token'), clock);
  await expect(token.get()).rejects.toMatchObject({ remedy: expect.stringContaining('automountServiceAccountToken') });
});
