import { describe, expect, test } from 'vitest';
import type { NodeReport } from '@typekro/engine/runtime';
import type { CommandContext } from '../command.ts';
import { createLiveView } from './live-view.ts';
import { type InstanceView, fitLine, instanceViewLines, wrapLine } from '@typekro/app/instance';

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

describe('fitting a line to the terminal', () => {
  test.each([
    ['a line that fits', 'abc', 3, 'abc'],
    ['a line that is too long', 'abcd', 3, 'ab…'],
    ['wide characters', '漢字漢字', 5, '漢字…'],
    ['a wide character with only one free column', '漢字', 3, '漢…'],
    ['combining marks that take no columns', 'e\u0301e\u0301e\u0301', 3, 'e\u0301e\u0301e\u0301'],
    ['colours that take no columns and are all kept', '\u001b[31mab\u001b[39mcd', 3, '\u001b[31mab\u001b[39m…'],
    ['a colour that ends at the last column', '\u001b[1mabc\u001b[22md', 3, '\u001b[1mab…\u001b[22m'],
    ['a colour that begins at the last column', 'ab\u001b[1mcd\u001b[22m', 3, 'ab\u001b[1m…\u001b[22m'],
    ['a colour that ends before the last column', 'a\u001b[1mb\u001b[22mcd', 3, 'a\u001b[1mb\u001b[22m…'],
    ['a colour that ends after the last column', '\u001b[1mabcd\u001b[22m', 3, '\u001b[1mab…\u001b[22m'],
    ['a line that fits, with a colour', '\u001b[1mabc\u001b[22m', 3, '\u001b[1mabc\u001b[22m'],
    ['a wide character that a colour follows', '漢字\u001b[1m漢\u001b[22m', 5, '漢字\u001b[1m…\u001b[22m'],
    ['no room', 'abc', 0, ''],
    ['a coloured line in no columns', '\u001b[1mabc\u001b[22m', 0, '\u001b[1m\u001b[22m'],
  ])('%s', (_what, line, columns, fitted) => {
    expect(fitLine(line, columns)).toBe(fitted);
  });

  test('colours do not change the column at which a line is cut', () => {
    // oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
    const plain = (text: string): string => text.replaceAll(/\u001b\[[0-9;]*m/g, '');
    for (let from = 0; from <= 4; from += 1) {
      for (let to = from; to <= 4; to += 1) {
        const line = `${'abcd'.slice(0, from)}\u001b[31m${'abcd'.slice(from, to)}\u001b[39m${'abcd'.slice(to)}`;
        expect([0, 1, 2, 3, 4].map((columns) => plain(fitLine(line, columns)))).toEqual(['', '…', 'a…', 'ab…', 'abcd']);
      }
    }
  });
});

describe('a line over several rows of the terminal', () => {
  test.each([
    ['is one row if it fits', 'one two', 7, ['one two']],
    ['breaks after a space in its second half', 'one two three four', 14, ['one two three', '      four']],
    ['breaks inside a word that is too long', 'abcdefghijklmnop', 12, ['abcdefghijkl', '      mnop']],
    [
      'continues with an indent, in fewer columns',
      '12345678 1234 6789 1234',
      10,
      ['12345678', '      1234', '      6789', '      1234'],
    ],
    ['may have wide characters of two columns', '漢字漢字漢字漢字', 10, ['漢字漢字漢', '      字漢', '      字']],
    ['may have colours, which take no columns', '\u001b[31mone two\u001b[39m', 7, ['\u001b[31mone two\u001b[39m']],
    ['is not broken when the terminal is too narrow for the indent', 'one two three', 6, ['one two three']],
  ])('%s', (_what, line, columns, rows) => {
    expect(wrapLine(line, columns)).toEqual(rows);
  });
});

test('a message of several lines is shown on one line, without control characters', () => {
  const node: NodeReport = {
    id: 'a',
    state: 'failed',
    objects: [],
    because: {
      kind: 'write-failed',
      object: { apiVersion: 'v1', kind: 'Pod', name: 'a' },
      failure: { code: 422, reason: 'Invalid', message: 'one\n two\u001b[2J' },
      retryAt: 0,
    },
  };
  const view = {
    ref: 'a',
    kind: 'App',
    name: 'a',
    namespace: '',
    state: 'ERROR',
    message: 'three\nfour',
    nodes: [node],
  };
  const lines = instanceViewLines(view, false);
  expect(lines).toHaveLength(3);
  // oxlint-disable-next-line no-control-regex -- the pattern looks for control characters
  expect(lines.join('')).not.toMatch(/[\n\u001b]/);
});
