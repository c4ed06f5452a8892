import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Cluster } from '@typekro/cluster';
import { createEmbeddedCluster } from '@typekro/cluster';
import type { JsonValue } from '@typekro/kit/core';
import { readFaultRules } from './read-fault-rules.ts';
import { HeldFaults, type ShownRule } from './held-faults.ts';

let cluster: Cluster;
let held: HeldFaults;
beforeEach(async () => {
  cluster = await createEmbeddedCluster({ controllers: false });
  held = new HeldFaults(cluster.faults);
});
afterEach(() => cluster.close());

const ERROR = { kind: 'error', status: 500, reason: 'InternalError' };
const add = (value: JsonValue): readonly ShownRule[] =>
  held.add(
    readFaultRules(value, (_path, message) => {
      throw new Error(message);
    }),
  );
const status = async (): Promise<number> =>
  (await cluster.transport().request({ method: 'GET', path: '/api/v1/namespaces', headers: {} })).status;

test('a rule is listed with its hits, even when it is used up', async () => {
  add({ name: 'twice', fault: ERROR, times: 2 });
  expect([await status(), held.list()[0]?.active, await status(), await status()]).toEqual([500, true, 500, 200]);
  expect(held.list()).toEqual([
    { name: 'twice', rule: { name: 'twice', fault: ERROR, times: 2 }, hits: 2, active: false },
  ]);
});

test('rules without a name get free names', () => {
  add({ rules: [{ name: 'rule-2', fault: ERROR }] });
  expect(add({ rules: [{ fault: ERROR }, { fault: ERROR }] }).map(({ name }) => name)).toEqual(['rule-1', 'rule-3']);
});

test('a removed rule has no effect any more, and the other rules stay', async () => {
  add({
    rules: [
      { name: 'a', fault: ERROR, times: 'all' },
      { name: 'b', fault: { ...ERROR, status: 503 }, times: 'all' },
    ],
  });
  expect(held.remove('a').name).toBe('a');
  expect(await status()).toBe(503);
  held.clear();
  expect([await status(), held.list()]).toEqual([200, []]);
});

test('a list with a taken name adds no rule', async () => {
  add({ name: 'a', fault: ERROR });
  const again = {
    rules: [
      { name: 'b', fault: ERROR },
      { name: 'a', fault: ERROR },
    ],
  };
  expect(() => add(again)).toThrow('there is already a rule "a"');
  expect(() =>
    add({
      rules: [
        { name: 'c', fault: ERROR },
        { name: 'c', fault: ERROR },
      ],
    }),
  ).toThrow('two of the new rules are named "c"');
  expect(held.list().map(({ name }) => name)).toEqual(['a']);
  expect(() => held.remove('A')).toThrow('there is no rule "A"');
});
