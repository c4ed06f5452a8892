import { expect, test } from 'vitest';
import type { CommandContext } from '../command.ts';
import { createLiveView } from './live-view.ts';
import type { InstanceView } from './instance-view-lines.ts';

const view = (name: string, state: string): InstanceView => ({
  ref: `kro.run/v1alpha1/App/default/${name}`,
  kind: 'App',
  name,
  namespace: 'default',
  state,
  nodes: [{ id: 'web', state: 'pending', objects: [], because: { kind: 'suspended' } }],
});

/** Returns a context that records its output. */
function screen(size?: { readonly columns: number; readonly rows: number }, env: CommandContext['env'] = {}) {
  const written: string[] = [];
  const write = (text: string) => void written.push(text);
  const context: CommandContext = {
    cwd: '/',
    env,
    print: write,
    printError: write,
    readInput: () => Promise.resolve(''),
    signal: new AbortController().signal,
    ...(size === undefined ? {} : { terminal: { ...size, write } }),
  };
  return { context, written };
}

test('a terminal redraws the block in place, and only when the block has changed', () => {
  const { context, written } = screen({ columns: 80, rows: 24 });
  const live = createLiveView(context);
  live.update([view('a', 'IN_PROGRESS')]);
  live.update([view('a', 'IN_PROGRESS')]);
  live.update([view('a', 'ACTIVE')]);
  expect(written).toHaveLength(2);
  expect(written[1]?.startsWith('\u001b[3A')).toBe(true);
});

test.each([
  { env: {}, coloured: true },
  { env: { NO_COLOR: '' }, coloured: true },
  { env: { NO_COLOR: '1' }, coloured: false },
])('with the environment $env, the block is coloured: $coloured', ({ env, coloured }) => {
  const { context, written } = screen({ columns: 80, rows: 24 }, env);
  createLiveView(context).update([view('a', 'ACTIVE')]);
  // oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
  expect(/\u001b\[\d+m/.test(written.join(''))).toBe(coloured);
});

test('when the instances do not fit, ACTIVE instances are only counted, and the other instances are shown', () => {
  const { context, written } = screen({ columns: 80, rows: 8 });
  const views = Array.from({ length: 300 }, (_, index) => view(`i${index}`, index === 250 ? 'ERROR' : 'ACTIVE'));
  createLiveView(context).update(views);
  const lines = written.join('').split('\n');
  expect(lines.length).toBeLessThanOrEqual(8);
  expect(written.join('')).toContain('299 of 300 instances ACTIVE');
  expect(written.join('')).toContain('default/i250');
});

test.each([7, 6, 5, 4, 3, 2])('on a screen of %i rows, a block leaves one row for the cursor', (rows) => {
  const { context, written } = screen({ columns: 80, rows });
  createLiveView(context).update([view('a', 'IN_PROGRESS'), view('b', 'ACTIVE')]);
  expect(written.join('').split('\n').length - 1).toBeLessThan(rows);
});

test('on an output that is not a terminal, each line is printed once', () => {
  const { context, written } = screen();
  const live = createLiveView(context);
  for (let times = 0; times < 3; times += 1) live.update([view('a', 'IN_PROGRESS'), view('b', 'ACTIVE')]);
  expect(written).toHaveLength(4);
});

test('lines of cluster-scoped instances name no namespace, and lines of kinds with the same name also name the group', () => {
  const { context, written } = screen();
  const live = createLiveView(context);
  const skipped: InstanceView['nodes'] = [{ id: 'web', state: 'skipped', objects: [], because: { kind: 'suspended' } }];
  const other = { ...view('a', 'ACTIVE'), ref: 'other.run/v1/App/default/a', nodes: skipped };
  for (let times = 0; times < 3; times += 1) live.update([view('a', 'ACTIVE'), other]);
  expect(written).toHaveLength(4);
  live.update([{ ...view('b', 'ACTIVE'), namespace: '' }]);
  expect(written.slice(4).map((line) => line.slice(0, 6))).toEqual(['App b:', 'App b ']);
});

test('the lines of a node that alternates between unread and failed are printed once, and again only after the node was ready', () => {
  const { context, written } = screen();
  const live = createLiveView(context);
  const object = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a' };
  const failure = { code: 403, reason: 'Forbidden', message: 'no right' };
  const of = (state: string, node: Pick<InstanceView['nodes'][0], 'state' | 'because'>): InstanceView => ({
    ...view('a', state),
    nodes: [{ id: 'web', objects: [], ...node }],
  });
  const reads = of('IN_PROGRESS', { state: 'pending', because: { kind: 'unread', object } });
  const fails = of('ERROR', { state: 'failed', because: { kind: 'read-failed', object, failure } });
  for (let times = 0; times < 3; times += 1) {
    live.update([reads]);
    live.update([fails]);
  }
  expect(written.map((line) => /not read yet|no right|IN_PROGRESS|ERROR/.exec(line)?.[0])).toEqual([
    'not read yet',
    'IN_PROGRESS',
    'no right',
    'ERROR',
  ]);
  live.update([reads]);
  live.update([of('ACTIVE', { state: 'ready', because: { kind: 'ready' } })]);
  live.update([reads]);
  expect(written.slice(4).map((line) => /is as wanted|not read yet|ACTIVE|IN_PROGRESS/.exec(line)?.[0])).toEqual([
    'is as wanted',
    'ACTIVE',
    'not read yet',
    'IN_PROGRESS',
  ]);
});
