import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandRunner } from '../../../test-support/run-command.ts';
import type { JsonObject } from '@typekro/kit/core';
import { stringifyJson } from '@typekro/kit/core';
import { convert } from '../../commands/convert.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-propagate-'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test('propagateWhen and a name with dots are kept, and the names of forEach iterators become each', async () => {
  const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: {} });
  const definition: JsonObject = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'apps.example.org' },
    spec: {
      schema: { apiVersion: 'v1alpha1', kind: 'App', spec: { regions: '[]string', go: 'boolean' } },
      resources: [
        { id: 'db', template: map('db') },
        {
          id: 'maps',
          forEach: [{ region: '${schema.spec.regions}' }],
          template: map('${region}'),
          propagateWhen: ['${exponentiallyReady(region, maps)}', '${db.ready() && [1].all(region, region > 0)}'],
        },
        { id: 'end', template: map('end'), propagateWhen: ['${maps.ready() && schema.spec.go}'] },
      ],
    },
  };
  writeFileSync(join(cwd, 'apps.yaml'), stringifyJson(definition));
  const { out, err } = await commandRunner([convert], cwd)('convert apps.yaml --to typescript');
  expect(err).toBe('');
  expect(out).toContain("name: 'apps.example.org'");
  expect(out.match(/\.withPropagateWhen.*/g)).toMatchInlineSnapshot(`
    [
      ".withPropagateWhen('exponentiallyReady(each, maps)');",
      ".withPropagateWhen('db.ready() && [1].all(region, region > 0)');",
      ".withPropagateWhen('maps.ready() && schema.spec.go');",
    ]
  `);
});
