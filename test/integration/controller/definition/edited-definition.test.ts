import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { versionedWorld } from '@typekro/testing/test-support/virtual-world';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { commandRunner } from '@typekro/cli/test-support/run-command';
import { commands } from '../../../../packages/cli/src/commands/index.ts';
import type { JsonValue, KubeObject } from '@typekro/kit/core';

// The controller loads the generator of objects when it needs it. A world does not wait for files.
beforeAll(() => import('../../../../packages/engine/src/conversion/generator-library.ts'));

let world: VirtualWorld;
afterEach(() => world.close());

const SIZE = 'self.spec.size.matches("^[0-9]{1,9}$") ? int(self.spec.size) : 1';
const FILE: KubeObject = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'panel', annotations: { 'typekro.dev/canary': '50%' } },
  spec: {
    schema: {
      kind: 'Panel',
      group: 'acme.test',
      apiVersion: 'v1',
      spec: { size: 'integer | default=1', note: 'string | default="a"' },
      additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
      versions: [
        {
          name: 'v1alpha1',
          spec: { size: 'string | default="1"', note: 'string | default="a"' },
          convertTo: { 'spec.size': `\${${SIZE}}` },
          convertFrom: { 'spec.size': '${string(self.spec.size)}' },
          lossy: ['spec.size'],
        },
      ],
    },
    resources: [
      {
        id: 'config',
        template: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: '${schema.metadata.name}' },
          data: { text: '${string(schema.spec.size)}' },
        },
      },
    ],
  },
};
const DEFINITION = { apiVersion: FILE.apiVersion, kind: FILE.kind, name: 'panel' };
const OTHER = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other-${schema.metadata.name}' } };
const VERSION = '/spec/schema/versions/0';

test.each<[what: string, path: string, value: JsonValue | undefined, line: string]>([
  [
    'a default',
    '/spec/schema/spec/note',
    'string | default="b"',
    '~ spec.note  v1: Default value was changed from "b"',
  ],
  ['a field that the controller refuses', '/spec/schema/spec/extra', 'string', '~ schema.spec.extra  - "string"'],
  [
    'a rule',
    `${VERSION}/convertFrom/spec.size`,
    '${string(self.spec.size + 0)}',
    'convertFrom spec.size: "${string(self.s',
  ],
  [
    'a rule that the controller refuses',
    `${VERSION}/convertTo/spec.size`,
    '${int(self.spec.size)}',
    'convertTo spec.size:',
  ],
  ['a kept field', `${VERSION}/lossy/-`, 'spec.note', 'lossy: ["spec.size","spec.note"] → ["spec.size"]'],
  ['a deprecation', `${VERSION}/deprecated`, true, '~ version.v1alpha1  deprecated: true → none'],
  ['all versions', '/spec/schema/versions', undefined, '~ schema.versions  + [{"name":"v1alpha1"'],
  [
    'a value of a template',
    '/spec/resources/0/template/data/text',
    'x',
    'data.text  "x" → "${string(schema.spec.size)}"',
  ],
  ['a new value of a template', '/spec/resources/0/template/data/more', 'x', 'data.more  - "x"'],
  ['a new node', '/spec/resources/-', { id: 'other', template: OTHER }, '- other  (ConfigMap)'],
  ['a column', '/spec/schema/additionalPrinterColumns/0/name', 'S', 'printer columns were changed'],
  ['a policy', '/metadata/annotations/typekro.dev~1canary', '10%', '"10%" → "50%"'],
  ['an annotation that the file does not have', '/metadata/annotations/team', 'a', 'revision 1, unchanged'],
])('the plan of a file shows what an apply takes back: %s', { timeout: 120_000 }, async (_what, path, value, line) => {
  world = await versionedWorld();
  const { kubeconfig } = await world.cluster.listen({ port: 0 });
  const cwd = mkdtempSync(join(tmpdir(), 'typekro-edited-'));
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  writeFileSync(join(cwd, 'panel.yaml'), JSON.stringify(FILE));
  const run = commandRunner(commands, cwd, { KUBECONFIG: join(cwd, 'kubeconfig'), NO_COLOR: '1' });
  expect(await run('apply panel.yaml')).toMatchObject({ code: 0, err: '' });
  await world.advance(3000);
  expect((await run('plan panel.yaml --exit-code')).code).toBe(0);
  const edit = value === undefined ? { op: 'remove', path } : { op: 'add', path, value };
  await world.user.patch(DEFINITION, [edit], { type: 'json' });
  await world.advance(4000);

  const { code, out } = await run('plan panel.yaml --exit-code');
  expect(out).toContain(line);
  expect(out).not.toContain('schema.scope');
  const applied = await run('apply panel.yaml');
  const isChanged = applied.out.includes('configured ResourceGraphDefinition panel');
  expect({ code, err: applied.err, applied: applied.code }).toEqual({ code: isChanged ? 2 : 0, err: '', applied: 0 });
  expect((await run('plan panel.yaml --exit-code')).code).toBe(0);
});
