import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CommandRun } from '../../test-support/run-command.ts';
import { useNamedClusters } from '../../test-support/named-clusters.ts';
import { KubeClient, loadKubeConfig } from '@typekro/kube';

const clusters = useNamedClusters();

async function run(line: string, stdin?: string): Promise<CommandRun> {
  const { code, out, err } = await clusters.run(line, stdin);
  const plain = (text: string): string =>
    text.replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME');
  return { code, out: plain(out), err: plain(err) };
}

const FAULTS = `rules:
- name: busy
  match: {verb: list, resource: configmaps}
  fault: {kind: error, status: 429, reason: TooManyRequests, retryAfterSeconds: 1}
  times: all
---
fault: {kind: conflict}
`;

test('cluster: faults are added, listed with their hits, and removed', async () => {
  await run('cluster start dev');
  expect(await run('cluster faults dev')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "dev has no faults",
    }
  `);
  expect(await run('cluster faults dev add -', FAULTS)).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "added busy: {"kind":"error","status":429,"reason":"TooManyRequests","retryAfterSeconds":1} for {"verb":"list","resource":"configmaps"}, 0 hits
    added rule-1: {"kind":"conflict"} for {}, 0 hits",
    }
  `);
  const client = new KubeClient({
    config: await loadKubeConfig({ path: join(clusters.folderOf('dev'), 'kubeconfig') }),
    retries: 0,
  });
  await expect(client.list({ apiVersion: 'v1', kind: 'ConfigMap' })).rejects.toThrow('TooManyRequests');
  await client.close();
  expect((await run('cluster faults dev')).out).toMatchInlineSnapshot(`
    "busy: {"kind":"error","status":429,"reason":"TooManyRequests","retryAfterSeconds":1} for {"verb":"list","resource":"configmaps"}, 1 hit
    rule-1: {"kind":"conflict"} for {}, 0 hits"
  `);
  expect((await run('cluster faults dev -o json')).out).toMatchInlineSnapshot(`
    "{
      "schemaVersion": 1,
      "cluster": "dev",
      "rules": [
        {
          "name": "busy",
          "rule": {
            "name": "busy",
            "match": {
              "verb": "list",
              "resource": "configmaps"
            },
            "fault": {
              "kind": "error",
              "status": 429,
              "reason": "TooManyRequests",
              "retryAfterSeconds": 1
            },
            "times": "all"
          },
          "hits": 1,
          "active": true
        },
        {
          "name": "rule-1",
          "rule": {
            "fault": {
              "kind": "conflict"
            }
          },
          "hits": 0,
          "active": true
        }
      ]
    }"
  `);
  expect(await run('cluster faults dev remove bussy')).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: there is no rule "bussy" [cluster/faults]
      hint: did you mean busy?",
      "out": "",
    }
  `);
  expect(await run('cluster faults dev remove busy rule-2')).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: there is no rule "rule-2"; no rule was removed [cluster/faults]
      hint: did you mean rule-1?",
      "out": "",
    }
  `);
  expect((await run('cluster faults dev remove busy busy')).out).toMatchInlineSnapshot(
    `"removed busy: {"kind":"error","status":429,"reason":"TooManyRequests","retryAfterSeconds":1} for {"verb":"list","resource":"configmaps"}, 1 hit"`,
  );
  expect((await run('cluster faults dev clear')).out).toMatchInlineSnapshot(
    `"removed rule-1: {"kind":"conflict"} for {}, 0 hits"`,
  );
  expect((await run('cluster faults dev -o env')).out.replace(/[0-9a-f]{64}/, 'TOKEN')).toMatchInlineSnapshot(`
    "export TYPEKRO_CONTROL_URL='http://127.0.0.1:PORT/v1'
    export TYPEKRO_CONTROL_TOKEN='TOKEN'"
  `);
});

test('cluster: errors in fault rules are printed with their locations, and no rule is added', async () => {
  await run('cluster start dev');
  const neverHits = 'match: {verb: [get, lst]}\nfault: {kind: conflict}\n';
  expect(await run('cluster faults dev add -', neverHits)).toMatchInlineSnapshot(`
    {
      "code": 3,
      "err": "standard input:1:21: error: no request has the verb "lst" [cluster/faults]
      1 | match: {verb: [get, lst]}
        |                     ^
      at match.verb[1]
      hint: did you mean list?
    ",
      "out": "",
    }
  `);
  expect(await run('cluster faults dev add -', 'rules:\n- fault: {kind: latncy}\n- falt: {}\n')).toMatchInlineSnapshot(`
    {
      "code": 3,
      "err": "standard input:2:17: error: "kind" cannot be "latncy" [cluster/faults]
      2 | - fault: {kind: latncy}
        |                 ^
      at rules[0].fault.kind
      hint: did you mean latency?

    standard input:3:3: error: "fault" is missing [cluster/faults]
      3 | - falt: {}
        |   ^
      at rules[1]
      hint: add fault: …

    standard input:3:3: error: there is no field "falt" here [cluster/faults]
      3 | - falt: {}
        |   ^
      at rules[1].falt
      hint: did you mean fault?

    3 errors, 0 warnings",
      "out": "",
    }
  `);
  expect(await run('cluster faults dev add -', '')).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: nothing to read in - [input/empty]
      hint: name .yaml, .yml or .json files with rules of faults, folders with such files, or - for the standard input",
      "out": "",
    }
  `);
  expect(await run('cluster faults dev ad x')).toMatchInlineSnapshot(`
    {
      "code": 2,
      "err": "error: ad is not one of add, remove, clear [cli/usage]
      hint: did you mean add?",
      "out": "",
    }
  `);
  expect((await run('cluster faults dev')).out).toBe('dev has no faults');
});

test('cluster: the clock is moved forward, and the server restarts at its address', async () => {
  await run('cluster start dev');
  expect((await run('cluster clock dev')).out).toMatchInlineSnapshot(`"dev: TIME"`);
  expect((await run('cluster clock dev 1h')).out).toMatchInlineSnapshot(`"dev: TIME, 3600 s ahead of this machine"`);
  expect(await run('cluster clock dev 25h')).toMatchInlineSnapshot(`
    {
      "code": 2,
      "err": "error: 25h is longer than 24h0m0s [cli/bad-duration]
      hint: write at most 24h0m0s",
      "out": "",
    }
  `);
  expect((await run('cluster clock dev 5x')).err).toContain('5x is not a duration [cli/bad-duration]');
  expect((await run('cluster clock dev -1h -o json')).err).toBe(
    'error: -1h is negative [cli/bad-duration]\n  hint: time only goes forward: write e.g. 90s, 2m or 500ms',
  );
  expect((await run('cluster restart dev --pause 2m')).code).toBe(2);
  await run('cluster load dev -', CONFIG_MAP);
  expect((await run('cluster restart dev')).out).toMatchInlineSnapshot(
    `"dev serves again at https://127.0.0.1:PORT; all connections were closed"`,
  );
  const both = await Promise.all([run('cluster restart dev'), run('cluster restart dev --pause 10ms')]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect((await run('cluster load dev -', CONFIG_MAP)).out).toContain('unchanged ConfigMap default/c');
});

const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n';
