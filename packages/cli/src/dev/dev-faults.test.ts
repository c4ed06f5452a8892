import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { definition, DevHarness, instance } from '../../test-support/dev-harness.ts';

let loop: DevHarness;
beforeEach(() => {
  loop = new DevHarness();
  // After this time, files are reported as served even if an instance still waits.
  loop.timeoutMs = 5000;
});
afterEach(() => loop.end());

const SHARED = '{apiVersion: v1, kind: ConfigMap, metadata: {name: shared}, data: {a: b}}';
const OTHERS = `apiVersion: v1
kind: ConfigMap
metadata: {name: shared, labels: {team: a}}
data: {a: b}
`;
/** A definition with nodes before its own ConfigMap. */
const reading = (nodes: string) => definition().replace('    - id: map', `${nodes}    - id: map`);
const EXTERNAL = `    - id: shared
      externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: shared}}
`;
/** The rights of the account with which the controller writes the objects of a Graph. */
const RIGHTS = `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: graphs}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: default, namespace: default}]
`;
/** A Graph whose first two nodes read an object and patch it. */
const graph = (nodes: string) => `apiVersion: kro.run/v1alpha1
kind: Graph
metadata: {name: g, namespace: default}
spec:
  nodes:
    - id: read
      ref: {apiVersion: v1, kind: ConfigMap, metadata: {name: shared}}
    - id: write
      patch: {apiVersion: v1, kind: ConfigMap, metadata: {name: shared, labels: {tier: gold}}}
${nodes}`;
const OWN = `    - id: own
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${read.metadata.name}-copy"}}
`;

/** The UID of the ConfigMap that no graph owns. */
async function sharedUid(): Promise<string | undefined> {
  const shared = { apiVersion: 'v1', kind: 'ConfigMap', name: 'shared', namespace: 'default' };
  return (await loop.sessions.at(-1)!.api.get(shared)).metadata.uid;
}

/**
 * Waits until the files are served, and presses the keys for the fault that deletes an object. Returns the line that
 * describes the fault.
 */
async function deleteAnObject(...files: string[]): Promise<string> {
  loop.start(files);
  await loop.until(/serving .*\n/);
  const before = await sharedUid();
  loop.press('f');
  loop.press('d');
  await loop.until(/fault: (?=[^\n]*\n[^]*at rest after)/);
  const line = await loop.until(/.*/);
  expect(await sharedUid()).toBe(before);
  return line;
}

describe('the fault that deletes an object', () => {
  test.each<[string, Record<string, string>, string]>([
    [
      'does not delete an object that an external node reads',
      { 'shared.yaml': OTHERS, 'pots.yaml': reading(EXTERNAL), 'shop.yaml': instance('shop') },
      'ConfigMap default/shop was deleted, and exists again',
    ],
    [
      'does not delete an object that the instance may not take over',
      {
        'shared.yaml': OTHERS,
        'pots.yaml': reading(`    - id: taken\n      template: ${SHARED}\n`).replace(
          'metadata: {name: pots}',
          'metadata: {name: pots, annotations: {"typekro.dev/adoption": refuse}}',
        ),
        'shop.yaml': instance('shop'),
      },
      'ConfigMap default/shop was deleted, and exists again',
    ],
    [
      'does not delete an object that a Graph reads or patches',
      { 'shared.yaml': OTHERS, 'rights.yaml': RIGHTS, 'graph.yaml': graph(OWN) },
      'ConfigMap default/shared-copy was deleted, and exists again',
    ],
    [
      'deletes no object when none belongs to a graph',
      { 'shared.yaml': OTHERS, 'rights.yaml': RIGHTS, 'graph.yaml': graph('') },
      'there is no object of an instance to delete',
    ],
  ])('%s', async (_title, files, line) => {
    for (const [name, text] of Object.entries(files)) loop.write(name, text);
    expect(await deleteAnObject(...Object.keys(files))).toBe(line);
  });
});
