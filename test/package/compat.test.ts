import { type } from 'arktype';
import { expect, expectTypeOf, test } from 'vitest';
import * as advanced from '../../packages/sdk/src/entries/advanced.ts';
import * as compat from '../../packages/sdk/src/legacy/index.ts';
import * as sdk from '@typekro/sdk';
import type { TypeKroError } from '@typekro/sdk';

/** The error that a use of a moved name throws. */
function errorOf(work: () => unknown): Partial<TypeKroError> {
  try {
    work();
  } catch (error) {
    return error as TypeKroError;
  }
  throw new Error('nothing was thrown');
}

const NAMESPACES = 'apisix certManager clickstack envoyAIGateway externalDns harbor hatchet nats ory pebble rook'.split(
  ' ',
);

test.each(NAMESPACES)(
  'the root exports %s, and a read of a member throws an error that names the replacement',
  (name) => {
    const namespace = (sdk as unknown as Record<string, { readonly member: unknown }>)[name];
    expect(errorOf(() => namespace?.member)).toMatchObject({
      code: 'compose/moved',
      message: `${name}.member is not exported from here any more`,
      remedy: expect.stringMatching(/typekro\//) as string,
    });
  },
);

test('typekro/compat exports the namespaces that now have their own entry points, and the factories of the old root', () => {
  const { certManager, externalDns, nats, ory, rook } = compat;
  expect([certManager.certificate, externalDns.dnsEndpoint, nats.stream, ory.rule, rook.objectBucketClaim]).toEqual(
    Array.from({ length: 5 }, () => expect.any(Function) as unknown),
  );
  const missing = Object.keys(sdk).filter((name) => !(name in compat));
  expect(missing).toEqual([]);
  expect([compat.deployment, compat.namespace, compat.helmRelease, compat.gitRepository]).toEqual(
    Array.from({ length: 4 }, () => expect.any(Function) as unknown),
  );
});

test('every name of typekro/advanced except TypeKroError throws an error with a remedy when it is called, it is constructed, or its member is read', () => {
  const { TypeKroError: kept, ...gone } = advanced as unknown as Record<string, new () => unknown>;
  expect(kept).toBe(sdk.TypeKroError);
  expect(Object.keys(gone)).toHaveLength(68);
  for (const [name, value] of Object.entries(gone)) {
    const call = value as unknown as (() => unknown) & { readonly member: unknown };
    for (const use of [() => call(), () => new value(), () => call.member]) {
      const { code, remedy } = errorOf(use);
      expect([name, code, remedy === undefined || remedy === '']).toEqual([name, 'compose/moved', false]);
    }
  }
});

test('types have their old names', () => {
  interface Spec {
    readonly size: string;
  }
  interface Status {
    readonly host: string;
  }
  expectTypeOf<compat.Enhanced<Spec, Status>['status']['host']>().toEqualTypeOf<string>();
  expectTypeOf<compat.KubernetesRef<number>>().toEqualTypeOf<number>();
  expectTypeOf<compat.TypedResourceGraph<Spec, Status>>().toHaveProperty('toYaml');
  const database = compat.externalRef<Spec, Status>('db.example.com/v1', 'Database', 'main', 'data');
  expectTypeOf(database.status.host).toEqualTypeOf<string>();
  const graph = compat.kubernetesComposition(
    { name: 'app', kind: 'App', spec: { type: 'object', properties: { name: { type: 'string' } } } },
    () => ({ host: database.status.host }),
  );
  expect(graph.toYaml({ target: 'typekro' })).toContain('${databaseMain.status.host}');
});

test('the type of an undeclared status comes from the returned values, without literal types', () => {
  const graph = sdk.kubernetesComposition({ name: 'site', kind: 'Site', spec: type({ name: 'string' }) }, (spec) => ({
    phase: spec.name === 'a' ? 'up' : 'down',
    names: [spec.name],
    ready: true,
  }));
  type Status = ReturnType<typeof graph>['status'];
  expectTypeOf<Status['phase']>().toEqualTypeOf<string>();
  expectTypeOf<Status['names']>().toEqualTypeOf<string[]>();
  expectTypeOf<Status['ready']>().toEqualTypeOf<boolean>();
});
