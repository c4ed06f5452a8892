import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type JsonObject, type KubeObject, setOwn } from '@typekro/kit/core';
import { asObject } from '@typekro/kit/kubernetes';
import { Conversion } from '@typekro/engine/conversion';
import { compile, TYPEKRO_FEATURES } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { share } from '@typekro/kit/test-support/budget';

/** How a version has a property: under its own name, under a name of its own, or not at all. */
type Form = 'same' | 'renamed' | 'absent';
const PROPERTIES = ['p', 'q', 'r'] as const;
/** The versions in the order in which they are the hub; each has the form of each property. */
type History = readonly (readonly Form[])[];

/** Where the properties are: in the spec, in the elements of a list, or in the values of a map. */
type Place = 'spec' | 'list' | 'map';

const fieldOf = (property: number, version: number, form: Form): string =>
  form === 'renamed' ? `${PROPERTIES[property]}V${version}` : (PROPERTIES[property] ?? '');

/** The schema of a version. */
function schemaOf(history: History, version: number, place: Place): JsonObject {
  const fields = (history[version] ?? []).flatMap((form, at) =>
    form === 'absent' ? [] : [[fieldOf(at, version, form), 'string'] as const],
  );
  const own = { host: 'string', ...Object.fromEntries(fields) };
  if (place === 'spec') return { spec: own };
  return { spec: { items: place === 'list' ? '[]Item' : 'map[string]Item' }, types: { Item: own } };
}

/** Rules of fields as the rule of all elements. */
function ofElements(place: Place, rules: JsonObject, same: readonly string[]): JsonObject {
  const entries = Object.entries(rules).map(([to, cel]) => [to.replace('spec.', ''), String(cel).slice(2, -1)]);
  if (entries.length === 0) return {};
  const all = [['host', 'e.?host'], ...same.map((name) => [name, `e.?${name}`]), ...entries];
  const made = all.map(([to = '', cel = '']) => `?'${to}': ${cel.replaceAll('self.spec.', 'e.')}`).join(', ');
  const each = place === 'list' ? `map(e, {${made}})` : `transformMap(k, e, {${made}})`;
  return { 'spec.items': `\${self.spec.items.${each}}` };
}

/** The CRD of the time at which a version is the hub, and all earlier ones are served. */
function crdAt(history: History, hub: number, place: Place): KubeObject {
  const versions = history.slice(0, hub).map((forms, version): JsonObject => {
    const [convertTo, convertFrom]: [JsonObject, JsonObject] = [{}, {}];
    const lossy: string[] = [];
    const same: string[] = [];
    for (const [at, form] of forms.entries()) {
      const inHub = history[hub]?.[at] ?? 'absent';
      const [own, other] = [fieldOf(at, version, form), fieldOf(at, hub, inHub)];
      if (form === 'absent' && inHub === 'absent') continue;
      if (form === 'absent') lossy.push(`spec.${other}`);
      else if (inHub === 'absent') lossy.push(`spec.${own}`);
      else if (own !== other) {
        convertTo[`spec.${other}`] = `\${self.spec.?${own}}`;
        convertFrom[`spec.${own}`] = `\${self.spec.?${other}}`;
      } else same.push(own);
    }
    const rules =
      place === 'spec'
        ? { convertTo, convertFrom, lossy }
        : {
            convertTo: ofElements(place, convertTo, same),
            convertFrom: ofElements(place, convertFrom, same),
            lossy: lossy.length === 0 ? [] : ['spec.items'],
          };
    return { name: `v${version + 1}`, ...schemaOf(history, version, place), ...rules };
  });
  const own = schemaOf(history, hub, place);
  const schema = { apiVersion: `v${hub + 1}`, kind: 'Note', group: 'acme.test', ...own, versions };
  const definition = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'note' },
    spec: { schema, resources: [] },
  };
  const { graph, diagnostics } = compile(definition, {
    sources: builtinSource(),
    features: TYPEKRO_FEATURES,
    target: 'typekro',
  });
  if (graph === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return { ...graph.instance.crd, status: { storedVersions: [`v${hub + 1}`] } };
}

/** A client of one of the served versions writes a property, or removes it. */
interface Edit {
  readonly version: number;
  readonly property: number;
  readonly value: string | null;
  /** The element of a list or map. */
  readonly element: number;
}

const to = (crd: KubeObject, object: KubeObject, version: number): KubeObject =>
  Conversion.of(crd)?.convert(object, `acme.test/v${version + 1}`) ?? object;

/** The spec that each served version shows. */
const shown = (crd: KubeObject, object: KubeObject, versions: number): JsonObject[] =>
  Array.from({ length: versions }, (_, version) => to(crd, object, version).spec ?? {});

/** @param written the elements that clients have written so far; the element of this edit is added */
function edited(
  crd: KubeObject,
  stored: KubeObject,
  hub: number,
  history: History,
  edit: Edit,
  written: Set<number>,
): KubeObject {
  written.add(edit.element);
  const version = edit.version % (hub + 1);
  const form = history[version]?.[edit.property] ?? 'absent';
  const before = shown(crd, stored, hub + 1);
  const spec = structuredClone(to(crd, stored, version).spec ?? {});
  const target = asObject(Object.values(spec['items'] ?? [spec, spec])[edit.element]);
  const field = fieldOf(edit.property, version, form);
  if (form !== 'absent' && edit.value !== null) setOwn(target, field, edit.value);
  else delete target[field];
  const next = to(crd, { ...to(crd, stored, version), spec }, hub);
  expect(to(crd, next, version)['spec']).toEqual(spec);
  const [were, are] = [before, shown(crd, next, hub + 1)].map((specs) => untouched(specs, history, edit, written));
  expect(are).toEqual(were);
  return next;
}

/** What versions show, without the property that is written. An element of a list that a client has changed is a new one. */
function untouched(
  specs: JsonObject[],
  history: History,
  { property, element }: Edit,
  written: ReadonlySet<number>,
): unknown {
  return specs.map((spec, version) => {
    const field = fieldOf(property, version, history[version]?.[property] ?? 'absent');
    const items = spec['items'];
    if (Array.isArray(items)) return items.filter((_, at) => !written.has(at));
    const elements = Object.values(items ?? { a: spec, b: spec });
    return elements.map((each, at) => ({
      ...asObject(each),
      ...(at === element || items === undefined ? { [field]: '' } : {}),
    }));
  });
}

const forms = fc.tuple(...PROPERTIES.map(() => fc.constantFrom<Form[]>('same', 'renamed', 'absent')));
const edit: fc.Arbitrary<Edit> = fc.record({
  version: fc.nat(4),
  property: fc.nat(PROPERTIES.length - 1),
  value: fc.option(fc.constantFrom('x', 'y', 'z')),
  element: fc.nat(1),
});
const lives = (edits: fc.Arbitrary<Edit[]>) =>
  fc.array(fc.record({ forms, edits, isMigrated: fc.boolean() }), { minLength: 2, maxLength: 5 });

/** The time of a hub. */
interface Era {
  readonly forms: readonly Form[];
  readonly edits: readonly Edit[];
  /** Is the object stored in the hub before the first client writes? */
  readonly isMigrated: boolean;
}

/**
 * An object that lives through all hubs. Returns the change that the controller would refuse; a change that is not
 * refused must show each version what it showed.
 */
function live(life: readonly Era[], place: Place): string | undefined {
  const history = life.map((each) => each.forms);
  const written = new Set<number>();
  let crd = crdAt(history, 0, place);
  let stored = new Set(['v1']);
  const item: JsonObject = { host: 'h' };
  for (const [at, form] of (history[0] ?? []).entries())
    if (form !== 'absent') setOwn(item, fieldOf(at, 0, form), `first ${at}`);
  const items = [item, { ...item, host: 'i' }];
  const spec = place === 'spec' ? item : { items: place === 'list' ? items : { a: item, b: { ...item, host: 'i' } } };
  let object: KubeObject = { apiVersion: 'acme.test/v1', kind: 'Note', metadata: { name: 'n' }, spec };
  for (let hub = 0; hub < history.length; hub += 1) {
    if (hub > 0) {
      const before = shown(crd, object, hub);
      const wanted = crdAt(history, hub, place);
      const next = Conversion.continuing({ ...crd, status: { storedVersions: [...stored] } }, wanted);
      // An API server lists the objects in the stored version.
      const { problem, change } = Conversion.effectOn(crd, next, to(crd, object, hub - 1));
      expect(problem).toBeUndefined();
      if (change !== undefined) return change;
      expect(shown(next, object, hub)).toEqual(before);
      const isMigrated = life[hub]?.isMigrated === true;
      if (isMigrated) object = to(next, object, hub);
      stored = new Set([...(isMigrated ? [] : stored), `v${hub + 1}`]);
      crd = Conversion.continuing({ ...next, status: { storedVersions: [...stored] } }, wanted);
      expect(shown(crd, object, hub)).toEqual(before);
    }
    for (const each of life[hub]?.edits ?? []) object = edited(crd, object, hub, history, each, written);
  }
  return undefined;
}

describe.each<Place>(['spec', 'list', 'map'])(
  'an API with properties in a %s, which changes its hub several times',
  (place) => {
    const { first, count: numRuns } = share('conversionPairs');

    test('shows each version what it showed, if the versions agreed', { timeout: 900_000 }, () => {
      fc.assert(
        fc.property(lives(fc.constant([])), (life) => {
          expect(live(life, place)).toBeUndefined();
        }),
        { numRuns, seed: 5000 + first },
      );
    });

    test(
      'refuses a change that would show something else, and a client always sees what it has written',
      { timeout: 900_000 },
      () => {
        fc.assert(
          fc.property(lives(fc.array(edit, { maxLength: 4 })), (life) => {
            live(life, place);
          }),
          { numRuns, seed: 5001 + first },
        );
      },
    );
  },
);
