import { expect, test } from 'vitest';
import { KubeClient } from '@typekro/kube';
import { logLines } from './pod-logs.ts';

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
