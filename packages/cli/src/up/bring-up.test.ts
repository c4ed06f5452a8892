import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CommandInProcess } from '../../test-support/command-in-process.ts';
import { up } from '../commands/up-command.ts';
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

/** Shows instances whose state is `state.now`. The result counts their reports and the updates of the view. */
function showing(instances: number, state: { now: string }) {
  let listener = () => {};
  const counts = { reports: 0, shown: 0 };
  const summary = (name: string) => ({
    ref: `v1/App/default/${name}`,
    kind: 'App',
    name,
    namespace: 'default',
    state: state.now,
  });
  const reports = {
    instances: () => Array.from({ length: instances }, (_, index) => summary(`a${index}`)),
    definitions: () => [],
    report: () => {
      counts.reports += 1;
      return { ...summary('a'), nodes: [], conditions: [] };
    },
    subscribe: (each: () => void) => {
      listener = each;
      return () => {};
    },
  };
  const session = { api: {}, controller: { reports } } as unknown as Parameters<typeof showChanges>[0];
  const view = { update: () => void (counts.shown += 1) } as unknown as Parameters<typeof showChanges>[1];
  const stop = showChanges(session, view, new Progress([], reports as never), false);
  return { counts, stop, event: () => listener() };
}

test('the events of many instances are shown together', () => {
  vi.useFakeTimers();
  try {
    const { counts, stop, event } = showing(21, { now: 'ACTIVE' });
    event(); // The number of instances is not known before the first view.
    const { shown } = counts;
    for (let index = 0; index < 1000; index += 1) event();
    expect(counts.shown).toBe(shown);
    vi.advanceTimersByTime(60_000);
    expect(counts.shown).toBe(shown + 1);
    stop();
  } finally {
    vi.useRealTimers();
  }
});

test('while all instances are ACTIVE, nothing is read and shown until the next event', () => {
  vi.useFakeTimers();
  try {
    const state = { now: 'IN_PROGRESS' };
    const { counts, stop, event } = showing(1, state);
    vi.advanceTimersByTime(1000);
    const working = counts.shown;
    expect(working).toBeGreaterThan(2);
    state.now = 'ACTIVE';
    event();
    const { reports: before } = counts;
    vi.advanceTimersByTime(60_000);
    expect(counts).toEqual({ reports: before, shown: working + 1 });
    state.now = 'ERROR';
    event();
    vi.advanceTimersByTime(1000);
    expect(counts.shown).toBeGreaterThan(working + 3);
    stop();
  } finally {
    vi.useRealTimers();
  }
});
