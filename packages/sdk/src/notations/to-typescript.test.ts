import { describe, expect, test } from 'vitest';
import { type Schema, builtinSource, SimpleSchema } from '@typekro/engine/schema';
import { fromJsonSchema } from './json-schema.ts';
import { toTypeScript } from './to-typescript.ts';

test('writes an interface with many kinds of members', () => {
  const parsed = SimpleSchema.parse(
    {
      name: 'string | required=true description="who"',
      replicas: 'integer | default=1',
      env: 'string | enum="a,b"',
      ports: '[]Port',
      labels: 'map[string]string',
      'free-form': 'object',
      nested: { on: 'boolean' },
      modes: '[]Mode',
    },
    { Port: { port: 'integer | required=true' }, Mode: 'string | enum="x,y"' },
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  expect(toTypeScript(parsed.schema, { name: 'AppSpec' })).toBe(`export interface AppSpec {
  /** who */
  name: string;
  replicas?: number;
  env?: "a" | "b";
  ports?: ({
    port: number;
  })[];
  labels?: Record<string, string>;
  "free-form"?: Record<string, unknown>;
  nested?: {
    on?: boolean;
  };
  modes?: ("x" | "y")[];
}
`);
});

describe('built-in kinds', () => {
  test('recursive types refer to themselves', () => {
    const props = builtinSource().typeNamed('apiextensions.v1.JSONSchemaProps');
    const text = toTypeScript(props, { name: 'JSONSchemaProps' });
    expect(text).toContain('  not?: JSONSchemaProps;\n');
    expect(text).toContain('  properties?: Record<string, JSONSchemaProps>;\n');
    expect(text.match(/export interface JSONSchemaProps /g)).toHaveLength(1);
  });

  test('a recursive part has its own type', () => {
    const crd =
      builtinSource().schemaOf({ group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition' }) ??
      {};
    const text = toTypeScript(crd, { name: 'Crd' });
    const name = /openAPIV3Schema\?: (\w+);/.exec(text)?.[1] ?? '';
    expect(text).toContain(`export interface ${name} {`);
    expect(text).toContain(`not?: ${name};`);
  });

  test('a part of a schema can have an existing type', () => {
    const source = builtinSource();
    const meta = source.typeNamed('meta.v1.ObjectMeta');
    const text = toTypeScript(source.schemaOf({ group: '', version: 'v1', kind: 'ConfigMap' }) ?? {}, {
      name: 'ConfigMap',
      external: (schema) => (schema === meta ? 'ObjectMeta' : undefined),
    });
    expect(text).toBe(`export interface ConfigMap {
  kind?: string;
  apiVersion?: string;
  metadata?: ObjectMeta;
  immutable?: boolean;
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}
`);
  });
});

test('a description cannot end the comment', () => {
  expect(toTypeScript({ type: 'string', description: 'a */ b' }, { name: 'T' })).toBe(
    '/** a *\\/ b */\nexport type T = string;\n',
  );
});

test('a part with an existing type can be nullable', () => {
  const part = { type: 'object', nullable: true, properties: { a: { type: 'string' } } } as const;
  const text = toTypeScript(
    { type: 'object', properties: { part } },
    { name: 'T', external: (node) => (node === part ? 'Part' : undefined) },
  );
  expect(text).toBe('export interface T {\n  part?: Part | null;\n}\n');
});

test('a shared part is nullable only where its use is nullable', () => {
  const port: Schema = { type: 'object', properties: { port: { type: 'integer' } } };
  const Port = { $ref: '#/$defs/Port' };
  const orNull = { anyOf: [Port, { type: 'null' }] };
  const read = fromJsonSchema({
    type: 'object',
    properties: {
      first: { ...Port, nullable: true },
      second: Port,
      third: { ...Port, nullable: true },
      fourth: orNull,
    },
    $defs: { Port: { type: 'object', properties: { port: { type: 'integer' } } } },
  });
  expect(read.ok && toTypeScript(read.schema, { name: 'T' })).toBe(`export interface T {
  first?: Port | null;
  second?: Port;
  third?: Port | null;
  fourth?: Port | null;
}

export interface Port {
  port?: number;
}
`);
  const list: Schema = { type: 'array', items: { ...port, nullable: true } };
  expect(toTypeScript(list, { name: 'T' })).toBe('export type T = ({\n  port?: number;\n} | null)[];\n');
});
