import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CommandInProcess } from '../../test-support/command-in-process.ts';
import { up } from '../commands/up.ts';
import { showChanges } from './bring-up.ts';
import { Progress } from './progress.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-bring-up-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

/** Runs `up --once` with this YAML, and returns its errors. */
async function errorsOf(text: string): Promise<readonly string[]> {
  writeFileSync(join(cwd, 'a.yaml'), text);
  const entry = { name: 'up', summary: '', load: () => Promise.resolve(up) };
  const running = new CommandInProcess([entry], cwd, 'up --once a.yaml');
  expect(await running.code).toBe(1);
  return running.output.split('\n').filter((line) => line.startsWith('error: '));
}

const definition = (scope: string) => `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: app}
spec:
  schema: {apiVersion: v1, kind: App, group: acme.test, scope: ${scope}, spec: {name: string}}
  resources:
    - id: map
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.spec.name}"${
        scope === 'Cluster' ? ', namespace: default' : ''
      }}}
`;

const instance = (metadata: string, name: string) =>
  `---\n{apiVersion: acme.test/v1, kind: App, metadata: {${metadata}}, spec: {name: ${name}}}\n`;

test('a refused instance is reported at its own place, even if another namespace has an instance with the same name', async () => {
  const text = `${definition('Namespaced')}---\n{apiVersion: v1, kind: Namespace, metadata: {name: other}}\n${instance(
    'name: one',
    'good',
  )}${instance('name: one, namespace: other', 'Bad')}`;
  expect(await errorsOf(text)).toEqual(['error: a.yaml:14: App other/one can never be ACTIVE as it is:']);
});

test('the error for a refused instance of a cluster-scoped kind names no namespace', async () => {
  const text = `${definition('Cluster')}${instance('name: one', 'Bad')}`;
  expect(await errorsOf(text)).toEqual(['error: a.yaml:10: App one can never be ACTIVE as it is:']);
});

test('while all instances are ACTIVE, nothing is read and shown until the next event', () => {
  vi.useFakeTimers();
  try {
    let state = 'IN_PROGRESS';
    let listener = () => {};
    const counts = { reports: 0, shown: 0 };
    const summary = () => ({ ref: 'v1/App/default/a', kind: 'App', name: 'a', namespace: 'default', state });
    const reports = {
      instances: () => [summary()],
      definitions: () => [],
      report: () => {
        counts.reports += 1;
        return { ...summary(), nodes: [], conditions: [] };
      },
      subscribe: (each: () => void) => {
        listener = each;
        return () => {};
      },
    };
    const session = { api: {}, controller: { reports } } as unknown as Parameters<typeof showChanges>[0];
    const view = { update: () => void (counts.shown += 1) } as unknown as Parameters<typeof showChanges>[1];
    const stop = showChanges(session, view, new Progress([], reports as never), false);
    vi.advanceTimersByTime(1000);
    const working = counts.shown;
    expect(working).toBeGreaterThan(2);
    state = 'ACTIVE';
    listener();
    const { reports: before } = counts;
    vi.advanceTimersByTime(60_000);
    expect(counts).toEqual({ reports: before, shown: working + 1 });
    state = 'ERROR';
    listener();
    vi.advanceTimersByTime(1000);
    expect(counts.shown).toBeGreaterThan(working + 3);
    stop();
  } finally {
    vi.useRealTimers();
  }
});
