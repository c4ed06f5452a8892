import { expect, test } from 'vitest';
import type { InspectMeta, InspectSource, Viewer } from '@typekro/controller/inspect';
import { inspectPaths } from '@typekro/controller/inspect';
import type { KubernetesApi, WatchOptions } from '@typekro/kube';
import { KubeError } from '@typekro/kube';
import { assumedSettings } from '@typekro/controller/controller';
import type { DashboardOptions } from './open-dashboard.ts';
import { openDashboard } from './open-dashboard.ts';

/** A cluster that gives no response: lists and watches stay open, and plain requests fail. */
const SILENT = {
  discovery: { resourceOf: () => new Promise<never>(() => undefined) },
  raw: () => Promise.reject(new KubeError('no answer', { status: 0, reason: 'NoAnswer' })),
  watch: (_type: unknown, { signal }: WatchOptions = {}) => ({
    [Symbol.asyncIterator]: () => ({
      next: () =>
        new Promise((resolve) => {
          signal?.addEventListener('abort', () => resolve({ done: true, value: undefined }), { once: true });
        }),
    }),
  }),
} as unknown as KubernetesApi;

const print = (): void => undefined;
const context = { cwd: '/', env: {}, print, printError: print, readInput: () => Promise.resolve('') };
const open = (options: Partial<DashboardOptions>) =>
  openDashboard({
    context: { ...context, signal: new AbortController().signal },
    api: SILENT,
    cluster: 'test',
    namespace: 'default',
    settings: assumedSettings('this test'),
    ...options,
  });

const read = async (url: string, path: string, token: string): Promise<{ status: number; body: unknown }> => {
  const answer = await fetch(new URL(path, url), { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, body: await answer.json() };
};

test('a dashboard opens before its cluster responds, and reports that its lists are not complete', async () => {
  const opened = await open({ token: 'secret' });
  try {
    const { body } = await read(opened.url, inspectPaths.meta(), 'secret');
    expect((body as InspectMeta).limits).toEqual([{ text: 'the first lists of the cluster are not complete yet' }]);
  } finally {
    await opened.close();
  }
  // When the watches end, the first lists end, too.
  await opened.listed;
});

const REF = 'acme.test/v1/Boat/n/b';
const reports = {
  definitions: () => [],
  instances: () => [],
  report: () => ({ ref: REF, conditions: [], nodes: [{ id: 'a', state: 'ready', because: { kind: 'ready' } }] }),
  eventsAfter: () => [],
  subscribe: () => () => undefined,
} as unknown as InspectSource;
const jane: Viewer = { user: 'jane', api: SILENT, mayList: () => Promise.resolve(true) };

test.each<[string, Partial<DashboardOptions>, number]>([
  ['has the report of its controller for its own user', { token: 'secret' }, 200],
  [
    'has no report for callers with their own rights',
    { authenticate: () => Promise.resolve(jane), host: '127.0.0.1' },
    404,
  ],
])('a dashboard %s', async (_title, options, status) => {
  const opened = await open({ reports, ...options });
  try {
    const answer = await read(opened.url, `${inspectPaths.instance(REF)}/report`, 'secret');
    expect(answer.status).toBe(status);
    if (status === 404) expect(answer.body).toMatchObject({ code: 'inspect/no-reports' });
  } finally {
    await opened.close();
  }
});
