import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandRunner } from '../../test-support/run-command.ts';
import { commands } from '../commands/index.ts';
import { loadInputs } from '../inputs/load-inputs.ts';
import { type Session, startUpSession } from './up-session.ts';
import { takeStateDirectory } from './state-directory.ts';

const CONFIG_MAP = 'apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}"}';

/** Definitions that only a controller with a gate serves: the gate, the resources, and the schema of `spec`. */
const DEFINITIONS: readonly (readonly [gate: string, resources: string, spec?: string])[] = [
  ['CELOmitFunction', `{id: a, template: {${CONFIG_MAP}, data: {k: "\${schema.spec.text == '' ? 'x' : omit()}"}}}`],
  ['CELNow', `{id: a, template: {${CONFIG_MAP}, data: {k: "\${string(now().getFullYear() > 2000)}"}}}`],
  [
    'Variables',
    `{id: v, variable: {k: "\${schema.spec.text}"}}, {id: a, template: {${CONFIG_MAP}, data: {k: "\${v.k}"}}}`,
  ],
  ['PrintColumn', `{id: a, template: {${CONFIG_MAP}}}`, '{text: string | default="x" printColumn="TEXT"}'],
  [
    'ScaleSubresource',
    `{id: a, template: {${CONFIG_MAP}}}`,
    '{text: string | default="x", size: integer | default=1 scale}',
  ],
  ['CELDeferFunction', `{id: a, template: {${CONFIG_MAP}, data: {k: "\${defer(schema.spec.text)}"}}}`],
  ['DynamicKeys', `{id: a, template: {${CONFIG_MAP}, data: {"\${schema.spec.text}": k}}}`],
  ['DeletionPolicy', `{id: a, deletionPolicy: Orphaned, template: {${CONFIG_MAP}}}`],
  ['PropagateWhen', `{id: a, propagateWhen: ["\${schema.spec.text != ''}"], template: {${CONFIG_MAP}}}`],
];
const SCALE = '{size: "${schema.spec.size} | scale"}';

const documents = DEFINITIONS.map(
  ([gate, resources, spec = '{text: string | default="x"}']) => `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: ${gate.toLowerCase()}}
spec:
  schema: {apiVersion: v1, kind: ${gate}, group: acme.test, spec: ${spec}${gate.startsWith('Scale') ? `, status: ${SCALE}` : ''}}
  resources: [${resources}]
---
apiVersion: acme.test/v1
kind: ${gate}
metadata: {name: ${gate.toLowerCase()}, namespace: default}
`,
);

const cwd = mkdtempSync(join(tmpdir(), 'typekro-faces-'));
let session: Session;
let kubeconfig: string;
beforeAll(async () => {
  writeFileSync(join(cwd, 'all.yaml'), documents.join('---\n'));
  const state = takeStateDirectory({ cwd: cwd, signal: new AbortController().signal }, 'faces');
  ({ kubeconfig } = state);
  session = await startUpSession(state, { port: 0 });
  const { objects } = await loadInputs(['all.yaml'], cwd);
  const { signal } = new AbortController();
  for (const kind of ['ResourceGraphDefinition', undefined]) {
    for (const { object } of objects) {
      if ((object.kind === 'ResourceGraphDefinition') === (kind !== undefined)) await session.apply(object, signal);
    }
    await session.idle();
  }
});
afterAll(async () => {
  await session.close();
});

const run = (line: string) => commandRunner(commands, cwd, { KUBECONFIG: kubeconfig })(line);

test('the controller of the session serves every definition', () => {
  const instances = session.controller.reports.instances().map(({ kind, state }) => `${kind} ${state}`);
  expect(instances.sort()).toEqual(DEFINITIONS.map(([gate]) => `${gate} ACTIVE`).sort());
});

test.each(DEFINITIONS.map(([gate]) => gate))(
  'no command refuses what the controller of the session serves: %s',
  async (gate) => {
    const name = `${gate}/default/${gate.toLowerCase()}`;
    const results = Object.fromEntries(
      await Promise.all(
        ['why', 'tree', 'status', 'diff'].map(async (command) => [command, await run(`${command} ${name}`)] as const),
      ),
    );
    expect(results).toMatchObject({
      why: { code: 0, out: expect.stringContaining('waits for nothing') as string },
      tree: { code: 0, out: expect.stringContaining('✓ a') as string },
      status: { code: 0, out: expect.not.stringContaining('not ready') as string },
      diff: { code: 0, out: expect.stringContaining('no difference') as string },
    });
  },
);

test('the plan and the check of the files agree with the controller', async () => {
  const plan = await run('plan all.yaml --exit-code -o json');
  expect({ code: plan.code, err: plan.err }).toEqual({ code: 0, err: '' });
  expect(await run(`validate all.yaml --kubeconfig ${kubeconfig}`)).toMatchObject({ code: 0, err: '' });
});
