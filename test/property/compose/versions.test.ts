import { type } from 'arktype';
import { expect, test } from 'vitest';
import { type JsonObject, jsonEquals } from '@typekro/kit/core';
import { share } from '@typekro/kit/test-support/budget';
import { objectAt } from '@typekro/kit/kubernetes';
import { Conversion } from '@typekro/engine/conversion';
import { compile, TYPEKRO_FEATURES } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { CompositionError, createCompositionApi } from '@typekro/sdk/compose';
import { type TransformData, SOURCE } from '../../../packages/sdk/src/compose/source/transform-data.ts';
import { INPUTS, SPEC, instantiate } from './differential.ts';
import { type Name, Choices, ExpressionWriter } from './program-expressions.ts';

const { kubernetesComposition } = createCompositionApi({ loadDeploy: () => Promise.reject(new Error('no cluster')) });

/** The fields that conversions make. The former version has none of them. */
const OUT = type({
  'r?': 'string',
  'b?': 'boolean',
  'i?': 'number.integer',
  'x?': 'number',
  'l?': 'string[]',
  'n?': { a: 'string', 'z?': 'string' },
});
const HUB = SPEC.and(type({ 'out?': OUT }));
const TYPES = { r: 'string', b: 'bool', i: 'int', x: 'float', l: 'strings' } as const;

/** Generates conversions: functions of a spec that return some fields of the other version, on one path or on two. */
class ConversionWriter extends ExpressionWriter {
  source(): string {
    const scope: Name[] = [];
    const lines = Object.entries(TYPES).flatMap(([key, kind]) => {
      if (!this.choose.chance(0.3)) return [];
      const name = `v${key}`;
      const line = `const ${name} = ${this.expression(kind, scope, 2)};`;
      scope.push({ name, type: kind, mutable: false });
      return [line];
    });
    if (this.choose.chance(0.4)) lines.push(`if (${this.test(scope)}) return { out: ${this.fields(scope)} };`);
    return `(spec) => {\n${lines.join('\n')}\nreturn { out: ${this.fields(scope)} };\n}`;
  }

  private fields(scope: readonly Name[]): string {
    const own = Object.entries(TYPES).flatMap(([key, kind]) => {
      if (this.choose.chance(0.3)) return [];
      const value = this.expression(kind, scope, 2);
      return [`${key}: ${this.choose.chance(0.3) ? `${this.test(scope)} ? ${value} : undefined` : value}`];
    });
    const tag = this.choose.pick(['spec.tag', 'spec.opt?.a', "spec.tag ?? 'z'", 'undefined']);
    const nested = `n: { a: ${this.expression('string', scope, 1)}, z: ${tag} }`;
    return `{ ${[...own, ...(this.choose.chance(0.5) ? [nested] : [])].join(', ')} }`;
  }
}

/** The converter of a composition with the conversion; the code of the refusal if it is refused. */
function converterOf(source: string): ReturnType<typeof Conversion.of> | string {
  const data: TransformData = { src: source, file: 'generated.js', line: 1, col: 1, vars: {} };
  const toHub = Object.assign(instantiate(source), { [SOURCE]: data }) as never;
  try {
    const definition = kubernetesComposition(
      {
        name: 'generated',
        group: 'acme.test',
        apiVersion: 'v2',
        spec: HUB as never,
        versions: { v1: { spec: SPEC, toHub, lossy: ['spec.out'] } },
      },
      () => ({}),
    ).toDefinition({ target: 'typekro' });
    const options = { sources: builtinSource(), features: TYPEKRO_FEATURES, target: 'typekro' } as const;
    const { graph } = compile(definition, options);
    return graph === undefined ? undefined : Conversion.of(graph.instance.crd);
  } catch (error) {
    if (!(error instanceof CompositionError)) throw error;
    return error.code.startsWith('trace/') ? error.code : `${error.code}: ${error.message}`;
  }
}

/** What the function returns for a spec, as JSON; undefined if it throws, or returns a number that JSON does not have. */
function natively(source: string, given: JsonObject): JsonObject | undefined {
  try {
    const result = instantiate(source)(structuredClone(given));
    const text = JSON.stringify(result, (_key, item: unknown) => {
      if (typeof item === 'number' && !Number.isFinite(item)) throw new RangeError('not a JSON number');
      return Object.is(item, -0) ? 0 : item;
    });
    return objectAt(JSON.parse(text) as JsonObject, 'out');
  } catch {
    return undefined;
  }
}

test('generated conversions give the same fields in JavaScript and in a controller', { timeout: 900_000 }, () => {
  const { first, count } = share('versionPrograms');
  const refusals: string[] = [];
  let compared = 0;
  for (let seed = first; seed < first + count; seed += 1) {
    const source = new ConversionWriter(new Choices(7000 + seed)).source();
    const converter = converterOf(source);
    if (typeof converter === 'string') {
      expect({ source, refusal: converter }).toMatchObject({ refusal: expect.stringMatching(/^trace\//) as string });
      refusals.push(converter);
      continue;
    }
    for (const spec of INPUTS) {
      const wanted = natively(source, spec);
      if (wanted === undefined) continue;
      const object = { apiVersion: 'acme.test/v1', kind: 'Generated', metadata: { name: 'a' }, spec };
      const found = objectAt(converter?.convert(object, 'acme.test/v2'), 'spec', 'out');
      expect({ source, spec, found }).toEqual({ source, spec, found: jsonEquals(found, wanted) ? found : wanted });
      compared += 1;
    }
  }
  expect(compared).toBeGreaterThan(2 * count);
  expect(refusals.length).toBeLessThan(count / 3);
});
