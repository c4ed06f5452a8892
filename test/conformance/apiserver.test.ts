import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { APISERVER_DEVIATIONS } from './support/apiserver-deviations.ts';
import { replayRecordings } from './support/apiserver-runner.ts';

const directory = fileURLToPath(new URL('apiserver', import.meta.url));

/** The topics for which no deviation may be listed. */
const COMPLETE = ['ssa', 'ssa-crd', 'ssa-order', 'ssa-fuzz', 'watch', 'finalizers', 'patch-strategic', 'gc', 'namespaces'];

test('recorded requests to an API server without controllers have the recorded responses, word for word', { timeout: 240_000 }, async () => {
  const results = await replayRecordings(directory, { profile: 'api' });
  const failures = results.flatMap(({ failures }) => failures);
  expect(failures).toEqual([]);
  expect(results.reduce((sum, { passed }) => sum + passed, 0)).toBeGreaterThan(700);
});

test('recorded requests to an API server with controllers have the recorded responses, word for word', { timeout: 240_000 }, async () => {
  const results = await replayRecordings(directory, { profile: 'controllers' });
  expect(results.flatMap(({ failures }) => failures)).toEqual([]);
  const passed = Object.fromEntries(results.map((result) => [result.topic, result.passed]));
  expect(passed).toEqual({ gc: 7, namespaces: 3, rbac: 3, workloads: 20 });
});

test('no deviation is listed in the topics that must be complete', () => {
  const listed = [...APISERVER_DEVIATIONS.keys()].map((id) => id.split('/')[0]);
  expect(listed.filter((topic) => topic !== undefined && COMPLETE.includes(topic))).toEqual([]);
});
