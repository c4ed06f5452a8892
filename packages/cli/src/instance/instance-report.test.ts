import { expect, test } from 'vitest';
import type { Decision, NodeReport } from '@typekro/engine/runtime';
import { KubeClient } from '@typekro/kube';
import type { CommandContext } from '../command.ts';
import { dataAt, isCopyAt, logLines, whyReport } from '@typekro/app/instance';
import { reportPrinter } from './print-report.ts';

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { ports: [{ port: 80 }] },
  status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] }, conditions: {} },
};

test.each([
  ['service.status.loadBalancer.ingress[0].hostname', 'status.loadBalancer.ingress[0] has ip, and no hostname'],
  ['service.status.loadBalancer.ingress[1].ip', 'status.loadBalancer.ingress has 1 item, and none at index 1'],
  ['service.status.?conditions.?ready', 'status.conditions is empty, and no ready'],
  ['service.data.x', 'the object has apiVersion, kind, metadata, spec, status, and no data'],
  ['service.spec.ports[0].port.number', 'spec.ports[0].port is a number, and has no fields'],
  ['service.metadata.name[0]', 'metadata.name is a string, and has no items'],
  [
    'service.status.loadBalancer.ingress.hostname',
    'status.loadBalancer.ingress is a list of 1 item: name one of them, as in [0].hostname',
  ],
  ['service.status.loadBalancer[0]', 'status.loadBalancer is an object, not a list'],
  ['service.status.loadBalancer.ingress[0].ip', undefined],
  ['service.constructor', 'the object has apiVersion, kind, metadata, spec, status, and no constructor'],
  ['size(service.spec.ports) > 1', undefined],
  ['service', undefined],
])('dataAt describes what the object has in place of %s', (expression, text) => {
  expect(dataAt(expression, service)).toBe(text);
});

const COPY = '{"kind":"Shop","spec":{"password":"x"}}';

test.each<[string, string, boolean]>([
  ['metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"]', 'x', true],
  ['metadata.annotations["acme.dev/copy"]', COPY, true],
  ['metadata.annotations.copy', COPY, true],
  ['metadata.annotations.last-copy', COPY, true],
  ['metadata.annotations.acme/copy', COPY, true],
  ['metadata.annotations.copy', 'x', false],
  ['metadata.labels.copy', COPY, false],
  ['spec.template.metadata.annotations.copy', COPY, false],
])('the field %s with the value %j contains a copy of an object: %s', (path, value, isCopy) => {
  expect(isCopyAt(path, value)).toBe(isCopy);
});

const data = { fields: [{ path: 'spec.max', to: 9223372036854775807n, from: undefined }] };

test.each([
  ['json', '{\n  "fields": [\n    {\n      "path": "spec.max",\n      "to": 9223372036854775807\n    }\n  ]\n}'],
  ['yaml', 'fields:\n  - path: spec.max\n    to: 9223372036854775807'],
])('-o %s prints integers beyond 2^53 without rounding', (output, text) => {
  const printed: string[] = [];
  const context = { print: (line: string) => void printed.push(line) } as unknown as CommandContext;
  reportPrinter(context, { options: { output }, positionals: [] })({ data, lines: () => [] });
  expect(printed).toEqual([text]);
});

const PENDING = {
  path: 'address',
  expression: '${a.data.x}',
  message: 'eval "a.data.x": no such key: x',
  nodes: ['a'],
};
const FAILED = { path: 'size', expression: '${int(a.data.y)}', message: 'type conversion error' };

const node = (state: NodeReport['state']): NodeReport =>
  ({ id: 'a', state, because: { kind: state === 'ready' ? 'ready' : 'unread' }, objects: [] }) as unknown as NodeReport;

const OTHERS = 'make includeWhen of a true, or compute the field from other data';
test.each<[string, NodeReport['state'], Partial<Decision>, string[] | undefined, remedy?: string]>([
  ['every field has a value', 'ready', {}, undefined],
  ['the data of a ready node does not exist', 'ready', { statusPending: [PENDING] }, ['status.address']],
  ['the node is left out', 'skipped', { statusPending: [PENDING] }, ['status.address'], OTHERS],
  ['a node that is not ready explains the absence', 'waiting', { statusPending: [PENDING] }, undefined],
  ['an expression fails', 'waiting', { statusProblems: [FAILED] }, ['status.size']],
])('the report names the status fields without a value: %s', (_what, state, part, fields, remedy = '') => {
  const decision = { nodes: [node(state)], apply: [], delete: [], statusProblems: [], ...part } as Decision;
  const instance = { apiVersion: 'a.test/v1', kind: 'A', metadata: { name: 'a' } };
  const report = whyReport({ instance, decision, revision: 1, problems: [], notes: [] }, []);
  expect(report.statusFields?.map(({ field }) => field)).toEqual(fields);
  expect(report.statusFields?.[0]?.remedy ?? '').toContain(remedy);
});

test.each<[message: string, reasons: string[]]>([
  [
    'deletion blocked: list Secret: secrets is forbidden\ndelete ConfigMap v1 a/b: a webhook refuses',
    ['list Secret: secrets is forbidden'],
  ],
  ['deletion blocked: remove the finalizer: a webhook refuses', ['remove the finalizer: a webhook refuses']],
  ['deleting the objects', []],
])('a deletion is blocked by what only the controller saw: %s', (message, reasons) => {
  const conditions = [{ type: 'Ready', status: 'Unknown', reason: 'UnderDeletion', message }];
  const metadata = { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['kro.run/finalizer'] };
  const instance = { apiVersion: 'a.test/v1', kind: 'A', metadata, status: { state: 'DELETING', conditions } };
  const decision = { nodes: [], apply: [], delete: [], statusProblems: [] } as unknown as Decision;
  const report = whyReport({ instance, decision, revision: 1, problems: [], notes: [] }, []);
  expect(report.blocked.map(({ reason }) => reason)).toEqual(reasons);
});

/** Streams a log in these parts. Returns the lines that `logLines` yields, and the path of the request. */
async function linesOf(parts: readonly Uint8Array[], selection = {}): Promise<{ lines: string[]; path: string }> {
  let path = '';
  const client = new KubeClient({
    transport: {
      request: (request) => {
        path = request.path;
        const body = (async function* () {
          for (const part of parts) yield part;
        })();
        return Promise.resolve({ status: 200, headers: {}, body });
      },
      close: () => Promise.resolve(),
    },
  });
  const lines: string[] = [];
  const source = { namespace: 'team-a', pod: 'shop-x', container: 'main' };
  const signal = new AbortController().signal;
  for await (const line of logLines(client, source, { previous: false, follow: false, ...selection }, signal)) {
    lines.push(line);
  }
  return { lines, path };
}

test('a log that arrives in parts is split into lines', async () => {
  const bytes = Buffer.from('eins\nzwei ä\ndrei');
  const cut = bytes.indexOf(0xc3) + 1;
  expect((await linesOf([bytes.subarray(0, cut), bytes.subarray(cut)])).lines).toEqual(['eins', 'zwei ä', 'drei']);
});

test('a line without an end is divided', async () => {
  const parts = Array.from({ length: 50 }, () => Buffer.alloc(65_536, 'a'));
  const { lines } = await linesOf(parts);
  expect(lines.map((line) => line.length)).toEqual([1_048_576, 1_048_576, 1_048_576, 131_072]);
});

test('control characters in a log are not printed', async () => {
  expect((await linesOf([Buffer.from('a\u001b[2Jb\n')])).lines).toEqual(['a\\u001b[2Jb']);
});

test.each([
  [{}, '?container=main'],
  [{ follow: true, tail: 5 }, '?container=main&follow=true&tailLines=5'],
  [{ previous: true }, '?container=main&previous=true'],
])('the options %j become the query %s', async (selection, query) => {
  expect((await linesOf([], selection)).path).toBe(`/api/v1/namespaces/team-a/pods/shop-x/log${query}`);
});
