import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transpileModule, ScriptTarget } from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CommandRun, commandRunner } from '../../test-support/run-command.ts';
import type { JsonObject } from '@typekro/kit/core';
import { fromJsonSchema } from '@typekro/sdk/notations';
import { StructuralSchema } from '@typekro/engine/schema';
import { documentedCodes } from '../lint/file-codes.ts';
import { explain } from './explain-command.ts';
import { types } from './types-command.ts';

const DEFINITION = `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: shop }
spec:
  schema:
    apiVersion: v1alpha1
    kind: Shop
    spec:
      name: string | required=true description="Name of the shop."
      replicas: integer | default=2 minimum=1 maximum=9
      tier: string | enum="a,b"
      image: { tag: string | pattern="^v" }
      zones: "[]string"
      labels: "map[string]string"
    status: { address: "\${svc.spec.clusterIP}" }
  resources:
    - id: svc
      template: { apiVersion: v1, kind: Service, metadata: { name: "\${schema.spec.name}" }, spec: { ports: [{ port: 80 }] } }
`;

const cwd = mkdtempSync(join(tmpdir(), 'typekro-explain-'));
let run: (line: string, stdin?: string) => Promise<CommandRun>;

beforeAll(() => {
  writeFileSync(join(cwd, 'shop.yaml'), DEFINITION);
  run = commandRunner([explain, types], cwd);
});

describe('explain', () => {
  test.each([
    ['shop.yaml.spec.replicas', 'shop.yaml spec.replicas'],
    ['shop.yaml.spec image.tag', 'shop.yaml spec.image.tag'],
    ['./shop.yaml.svc.spec.ports', './shop.yaml svc.spec.ports'],
  ])('the path of a field can follow the file name after a dot: %s', async (joined, apart) => {
    const answer = await run(`explain ${joined}`);
    expect(answer.code).toBe(0);
    expect(answer).toEqual(await run(`explain ${apart}`));
  });

  test('a field of the status is shown with its expression', async () => {
    expect((await run('explain shop.yaml status.address')).out).toContain('set to  ${svc.spec.clusterIP}');
  });

  test('prints a field of the kind that a definition makes', async () => {
    expect((await run('explain shop.yaml spec.replicas')).out).toMatchInlineSnapshot(`
      "spec.replicas  integer  of Shop kro.run/v1alpha1
        default  2
        rule     at least 1
        rule     at most 9"
    `);
    expect((await run('explain shop.yaml spec')).out).toMatchInlineSnapshot(`
      "spec  object  of Shop kro.run/v1alpha1

        name      string, required   Name of the shop.
        replicas  integer            default 2.
        tier      string
        image     object
        zones     []string
        labels    map[string]string"
    `);
  });

  test('prints a field of a node with the expression that the template sets', async () => {
    expect((await run('explain shop.yaml svc.metadata.name')).out).toMatchInlineSnapshot(`
      "svc.metadata.name  string  of Service v1
        set to  \${schema.spec.name}

        Name of the object, unique for its kind in its namespace. It cannot be changed."
    `);
  });

  test('prints a field of a built-in kind', async () => {
    expect((await run('explain Deployment.spec.strategy')).out).toMatchInlineSnapshot(`
      "spec.strategy  object  of Deployment apps/v1

        The replacement of pods when the template changes. Default \`RollingUpdate\`.

        type           string  \`RollingUpdate\` or \`Recreate\`. Default \`RollingUpdate\`.
        rollingUpdate  object  Settings of a rolling update; only with type \`RollingUpdate\`."
    `);
    expect((await run('explain deploy.spec.replicas')).out).toContain('spec.replicas  integer  of Deployment apps/v1');
    expect((await run('explain pods.spec.containers[0].image')).out).toContain('of Pod v1');
  });

  test('a folder with the name of a kind is not taken for a file', async () => {
    mkdirSync(join(cwd, 'service'));
    expect((await run('explain service.spec.type')).out).toContain('spec.type  string  of Service v1');
    expect((await run('explain ./service')).err).toContain('there is no file with one of the types');
  });

  test('prints a field of a custom kind whose CRD the package includes', async () => {
    expect((await run('explain Certificate.spec.secretName')).out).toContain('of Certificate cert-manager.io/v1');
  });

  test('prints a code with its example and its remedy', async () => {
    expect((await run('explain graph/cycle')).out).toMatchInlineSnapshot(`
      "graph/cycle  error
        Resources wait for each other.

      Example
        apiVersion: kro.run/v1alpha1
        kind: ResourceGraphDefinition
        metadata:
          name: example
        spec:
          schema:
            apiVersion: v1alpha1
            kind: App
            group: example.com
            spec:
              name: string
              count: integer | default=1
              tags: "[]string"
          resources:
            - id: a
              template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${b.metadata.name}"}}
            - id: b
              template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${a.metadata.name}"}}

      gets
        example.yaml:16:71: error: the resources wait for each other: a → b → a [graph/cycle]
          16 |       template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${b.metadata.name}"}}
             |                                                                       ^
          at spec.resources[0].template.metadata.name
          hint: break the cycle: in one of the resources, take the value from schema, or compute it there

      Remedy
        Take the value from schema in one of them; in the example, write metadata: {name: "\${schema.spec.name}-a"} in the resource a. Or compute it from schema in both, so that neither reads the other one."
    `);
  });

  test('-o json prints a field as data', async () => {
    const { out } = await run('explain shop.yaml spec.tier -o json');
    expect(JSON.parse(out)).toEqual({
      schemaVersion: 1,
      kind: 'Shop kro.run/v1alpha1',
      path: 'spec.tier',
      type: 'string',
      required: false,
      validation: ['one of a, b'],
      fields: [],
    });
  });

  test('explains every documented code with its remedy', async () => {
    for (const { code, remedy } of documentedCodes()) {
      const { code: exit, out } = await run(`explain ${code}`);
      expect(exit, code).toBe(0);
      expect(out).toContain(remedy.split('\n')[0]);
    }
  });

  test.each([
    ['explain shop.yaml spec.replcas', 'did you mean spec.replicas?'],
    ['explain shop.yaml spec.name.first', 'spec.name has no fields below it'],
    ['explain shop.yaml scv.metadata', 'did you mean svc?'],
    ['explain Deploymnt.spec', 'did you mean Deployment?'],
    ['explain Deployment.spec.strtegy', 'did you mean spec.strategy?'],
    ['explain graph/cycel', 'did you mean graph/cycle?'],
    ['explain graph/zzz', 'docs/diagnostics.md lists the codes that have a page'],
    ['explain bootstrap/not-ready', 'any other problem, such as cli/usage, is printed with its hint'],
    ['explain Event.x --api-version v9', 'Event is served in'],
    ['explain __proto__', 'there is no file, kind or code __proto__'],
    ['explain shop.yaml constructor', 'Shop has no field constructor'],
  ])('%s is refused with a hint', async (line, output) => {
    const { code, out, err } = await run(line);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(output);
  });
});

describe('types', () => {
  test('prints TypeScript without syntax errors', async () => {
    const { code, out } = await run('types shop.yaml');
    expect(code).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "export interface ShopSpec {
        /** Name of the shop. */
        name: string;
        replicas?: number;
        tier?: "a" | "b";
        image?: {
          tag?: string;
        };
        zones?: string[];
        labels?: Record<string, string>;
      }

      export interface ShopStatus {
        state?: string;
        address?: string;
        conditions?: ({
          type?: string;
          status?: string;
          reason?: string;
          message?: string;
          lastTransitionTime?: string;
          observedGeneration?: number;
        })[];
      }

      /** An instance of Shop, as it is applied. */
      export interface Shop {
        readonly apiVersion: 'kro.run/v1alpha1';
        readonly kind: 'Shop';
        readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> };
        readonly spec: ShopSpec;
        /** Written by the controller. */
        readonly status?: ShopStatus;
      }"
    `);
    const { diagnostics } = transpileModule(out, {
      reportDiagnostics: true,
      compilerOptions: { target: ScriptTarget.ES2022, strict: true },
    });
    expect(diagnostics).toEqual([]);
  });

  test('prints a JSON Schema that accepts a valid instance and reports each mistake', async () => {
    const { out } = await run('types shop.yaml -o jsonschema');
    const json = JSON.parse(out) as JsonObject;
    const read = fromJsonSchema(json);
    if (!read.ok) throw new Error(JSON.stringify(read.diagnostics));
    const fields = (kind: string, spec: JsonObject): string[] =>
      StructuralSchema.validate(read.schema, { apiVersion: 'kro.run/v1alpha1', kind, metadata: { name: 'a' }, spec })
        .map(({ field }) => field)
        .sort();
    const whole = { name: 'x', replicas: 3, tier: 'a', image: { tag: 'v1' }, zones: ['z'], labels: { a: 'b' } };
    expect(fields('Shop', whole)).toEqual([]);
    expect(fields('Shp', { replicas: 0, tier: 'c', image: { tag: '1' } })).toEqual([
      'kind',
      'spec.image.tag',
      'spec.name',
      'spec.replicas',
      'spec.tier',
    ]);
    expect(json).toMatchObject({ additionalProperties: false, properties: { spec: { additionalProperties: false } } });
  });

  test('prints the CRD, and for the alias "generate instance" an example of an instance', async () => {
    expect((await run('types shop.yaml -o crd')).out).toMatch(
      /^apiVersion: apiextensions.k8s.io\/v1\nkind: CustomResourceDefinition\n/,
    );
    const { out } = await run('generate instance -f shop.yaml');
    expect(out).toMatchInlineSnapshot(`
      "apiVersion: kro.run/v1alpha1
      kind: Shop
      metadata:
        name: shop
        namespace: default
      spec:
        name: example
        # replicas: 2 # integer
        # tier: a # string
        # image: {} # object
        # zones: [] # []string
        # labels: {} # map[string]string"
    `);
  });

  test.each([
    ['types shop.yaml -o yaml', 2, '--output yaml is not one of typescript, jsonschema, crd, instance'],
    ['types nothing.yaml', 1, 'there is no file nothing.yaml'],
  ])('%s ends with %d', async (line, code, output) => {
    const ended = await run(line);
    expect({ code: ended.code, out: ended.out }).toEqual({ code, out: '' });
    expect(ended.err).toContain(output);
  });
});
