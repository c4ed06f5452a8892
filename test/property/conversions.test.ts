import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { compile, TYPEKRO_FEATURES, tryConversions } from '@typekro/engine/graph';
import { Conversion } from '@typekro/engine/conversion';
import { builtinSource } from '@typekro/engine/schema';
import { share } from '@typekro/kit/test-support/budget';

/** How a field of the hub is in the other version. */
type Change = 'kept' | 'renamed' | 'retyped' | 'missing';

interface Field {
  readonly type: 'string' | 'integer' | 'boolean' | '[]string' | 'map[string]integer';
  readonly presence: 'required' | 'default' | 'optional';
  readonly change: Change;
}

/** Two versions of a kind: the fields of the hub, and the number of fields that only the other version has. */
interface Pair {
  readonly fields: readonly Field[];
  readonly added: number;
}

const DEFAULTS = { string: '"x"', integer: '7', boolean: 'true', '[]string': '["a"]', 'map[string]integer': '{}' };
/** The type of a retyped field, and the expressions there and back. `V` is the value. */
const RETYPED: Readonly<Record<Field['type'], readonly [type: string, there: string, back: string, fallback: string]>> =
  {
    string: ['[]string minItems=1 maxItems=1', '[V]', 'V[0]', '["x"]'],
    integer: ['string pattern="^(0|-?[1-9][0-9]{0,7})$"', 'string(V)', 'int(V)', '"7"'],
    boolean: ['string enum="on,off"', "V ? 'on' : 'off'", "V == 'on'", '"on"'],
    '[]string': ['[]string', 'V', 'V', '["a"]'],
    'map[string]integer': ['map[string]integer', 'V', 'V', '{}'],
  };

/** A field in SimpleSchema. */
function line(typed: string, { presence }: Pick<Field, 'presence'>, fallback: string, bounds = ''): string {
  const [type = '', ...markers] = typed.split(' ');
  const own = presence === 'required' ? ['required=true'] : presence === 'default' ? [`default=${fallback}`] : [];
  const all = [...own, ...markers, ...(bounds === '' ? [] : [bounds])];
  return all.length === 0 ? type : `${type} | ${all.join(' ')}`;
}

/** The definition of a pair, with exact rules. Bounds make sure that each value has a form in both versions. */
function definitionOf({ fields, added }: Pair, lossy?: readonly string[]): KubeObject {
  const [hub, other]: [JsonObject, JsonObject] = [{}, {}];
  const [to, from]: [JsonObject, JsonObject] = [{}, {}];
  const lost: string[] = [];
  for (const [index, field] of fields.entries()) {
    const name = `f${index}`;
    const renamed = field.change === 'renamed' ? `g${index}` : name;
    const bounds = field.type === 'integer' ? 'minimum=-99999999 maximum=99999999' : '';
    hub[name] = line(field.type, field, DEFAULTS[field.type], bounds);
    if (field.change === 'missing') {
      lost.push(`spec.${name}`);
      continue;
    }
    const [type, there, back, fallback] =
      field.change === 'retyped' ? RETYPED[field.type] : [field.type, 'V', 'V', DEFAULTS[field.type]];
    other[renamed] = line(type, field, fallback, type === field.type ? bounds : '');
    if (field.change === 'kept') continue;
    const rule = (source: string, expression: string) =>
      field.presence === 'required'
        ? `\${${expression.replaceAll('V', `self.spec.${source}`)}}`
        : `\${self.spec.?${source}.optMap(x, ${expression.replaceAll('V', 'x')})}`;
    from[`spec.${renamed}`] = rule(name, there);
    to[`spec.${name}`] = rule(renamed, back);
  }
  for (let index = 0; index < added; index += 1) {
    other[`a${index}`] = 'string | default="new"';
    lost.push(`spec.a${index}`);
  }
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'pair' },
    spec: {
      schema: {
        apiVersion: 'v2',
        kind: 'Pair',
        group: 'acme.test',
        spec: hub,
        versions: [{ name: 'v1', spec: other, convertTo: to, convertFrom: from, lossy: [...(lossy ?? lost)] }],
      },
      resources: [],
    },
  };
}

const pairs: fc.Arbitrary<Pair> = fc.record({
  fields: fc.array(
    fc.record({
      type: fc.constantFrom<Field['type'][]>('string', 'integer', 'boolean', '[]string', 'map[string]integer'),
      presence: fc.constantFrom<Field['presence'][]>('required', 'default', 'optional'),
      change: fc.constantFrom<Change[]>('kept', 'renamed', 'retyped', 'missing'),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  added: fc.nat(2),
});

/** Pairs without a required field of the hub that the other version lacks: such a field has no value on the way back. */
const exact = pairs.map(({ fields, added }) => ({
  added,
  fields: fields.map((field) =>
    field.change === 'missing' && field.presence === 'required' ? { ...field, presence: 'optional' as const } : field,
  ),
}));

const OPTIONS = { sources: builtinSource(), features: TYPEKRO_FEATURES, target: 'typekro' } as const;
const errorsOf = (definition: KubeObject) =>
  compile(definition, OPTIONS).diagnostics.flatMap(({ severity, code, message }) =>
    severity === 'error' ? [`${code}: ${message}`] : [],
  );

describe('generated pairs of versions', () => {
  const { first, count: numRuns } = share('conversionPairs');

  test('exact rules are accepted, and no generated object is lost or changed', { timeout: 900_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(exact, async (pair) => {
        const tried = await tryConversions(compile(definitionOf(pair), OPTIONS));
        expect(tried.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
      }),
      { numRuns, seed: 4900 + first },
    );
  });

  test('a field that one version lacks and that is not named in lossy is found without running anything', () => {
    fc.assert(
      fc.property(pairs, (pair) => {
        const missing = pair.fields.filter(({ change }) => change === 'missing').length + pair.added;
        const found = errorsOf(definitionOf(pair, [])).filter((text) => text.startsWith('graph/conversion-loss'));
        const required = pair.fields.some(({ change, presence }) => change === 'missing' && presence === 'required');
        expect(found.length).toBe(missing);
        if (required) expect(errorsOf(definitionOf(pair, [])).join()).toContain('graph/conversion-required');
      }),
      { numRuns, seed: 4901 + first },
    );
  });

  test('an edit in the other version changes nothing else', () => {
    fc.assert(
      fc.property(exact, fc.integer({ min: 0, max: 99 }), (pair, value) => {
        const fields = [...pair.fields, { type: 'integer', presence: 'required', change: 'renamed' } as const];
        const { graph } = compile(definitionOf({ ...pair, fields }), OPTIONS);
        const converter = graph === undefined ? undefined : Conversion.of(graph.instance.crd);
        if (converter === undefined) return;
        const name = fields.length - 1;
        const spec: JsonObject = { [`f${name}`]: 5 };
        const SAMPLES = { string: 's', integer: 3, boolean: false, '[]string': ['b'], 'map[string]integer': { k: 1 } };
        for (const [index, { type }] of pair.fields.entries()) spec[`f${index}`] = SAMPLES[type];
        const hub = { apiVersion: 'acme.test/v2', kind: 'Pair', metadata: { name: 'a' }, spec };
        const old = converter.convert(hub, 'acme.test/v1');
        const edited = { ...old, spec: { ...old.spec, [`g${name}`]: value } };
        const back = converter.convert(edited, 'acme.test/v2');
        expect(jsonEquals(back.spec ?? {}, { ...spec, [`f${name}`]: value })).toBe(true);
      }),
      { numRuns, seed: 4902 + first },
    );
  });
});
