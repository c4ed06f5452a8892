import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { LogFile } from './state-log.ts';
import { type DryRun, openDryRun } from './dry-run.ts';

describe('state log', () => {
  let directory = '';
  let log: LogFile;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'typekro-log-'));
    writeFileSync(join(directory, 'state.jsonl'), '');
    log = new LogFile(join(directory, 'log.jsonl'), join(directory, 'state.jsonl'));
  });
  afterEach(() => {
    log.close();
  });

  test('a log that could not be opened refuses lines until it can be opened', () => {
    expect(() => log.append('first\n')).toThrow('is not open');
    log.continueAt(0);
    log.append('first\n');
    rmSync(directory, { recursive: true });
    expect(() => log.continueAt(0)).toThrow('ENOENT');
    expect(() => log.append('second\n')).toThrow('is not open');
  });

  test('a closed log drops lines', () => {
    log.continueAt(0);
    log.append('first\n');
    log.close();
    log.append('second\n');
    log.continueAt(0);
    expect(readFileSync(log.path, 'utf8')).toBe('first\n');
  });
});

describe('dry run', () => {
  let server: DryRun;
  beforeAll(async () => {
    server = await openDryRun();
  });
  afterAll(() => server.close());

  const object = (apiVersion: string, kind: string, name: string, spec: object, namespace = 'shop'): KubeObject =>
    ({ apiVersion, kind, metadata: { name, namespace }, spec }) as unknown as KubeObject;

  test.each([
    ['a port', object('v1', 'Service', 'a', { ports: [{ port: 70_000 }] }), 'spec.ports[0].port'],
    ['a name', object('v1', 'Service', 'A', { ports: [{ port: 80 }] }), 'metadata.name'],
    [
      'a selector',
      object('apps/v1', 'Deployment', 'a', {
        selector: { matchLabels: { app: 'a' } },
        template: { metadata: { labels: { app: 'b' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
      }),
      'spec.template.metadata.labels',
    ],
  ])('a refusal of %s names the field', async (_what, wrong, field) => {
    expect((await server.check(wrong)).map((cause) => cause.field)).toContain(field);
  });

  test('a valid object has no refusal causes, even in a namespace that does not exist', async () => {
    expect(await server.check(object('v1', 'Service', 'a', { ports: [{ port: 80 }] }, 'elsewhere'))).toEqual([]);
  });

  test('an object with an empty namespace is checked like an object without a namespace', async () => {
    expect(await server.check({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: '' } })).toEqual(
      [],
    );
  });

  test('checks that depend on other objects of the cluster are skipped', async () => {
    const pod = object('v1', 'Pod', 'a', { serviceAccountName: 'nobody', containers: [{ name: 'a', image: 'a' }] });
    expect(await server.check(pod)).toEqual([]);
    expect(await server.check({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })).toEqual([]);
  });
});
