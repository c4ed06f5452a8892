import {
  type JsonObject,
  type JsonValue,
  type KubeObject,
  formatApiVersion,
  getOwn,
  isJsonObject,
  jsonEquals,
  oncePerObject,
  parseApiVersion,
  stringifyJson,
} from '@typekro/kit/core';
import type { SharedBudget } from '@typekro/cel';
import { asObject, asText, textAt, valueAt } from '@typekro/kit/kubernetes';
import { type Schema, CrdSchema, StructuralSchema } from '../schema/index.ts';
import {
  type KeptField,
  type KeptFields,
  hasTooLargeAnnotations,
  keptFieldsOf,
  lostFields,
  restoreFields,
  withKeptFields,
  withUnchanged,
} from './kept-fields.ts';
import { type ConversionProgram } from './conversion-program.ts';
import { programOf } from './program-of-crd.ts';
import { objectSchema } from './conversion-language.ts';
import { CompiledRules, ConversionError } from './conversion-rules.ts';
import { declaredField } from './field-steps.ts';

/** The maximum work for one object, in units of the expression language. A unit takes at most half a microsecond. */
export const MAX_OBJECT_WORK = 1_000_000;

/** The schemas of whole objects, by the names of the versions of a CRD. */
export const schemasOfVersions = (crd: KubeObject): ReadonlyMap<string, Schema> =>
  new Map(
    CrdSchema.versions(crd).map((version) => {
      const schema = valueAt(version, 'schema', 'openAPIV3Schema');
      return [asText(version['name']), objectSchema(StructuralSchema.of(isJsonObject(schema) ? schema : {}))];
    }),
  );

/** One direction of a conversion: its rules, and the fields of the source that the target cannot hold. */
interface Step {
  readonly rules: CompiledRules;
  readonly lossy: readonly (readonly string[])[];
  /** The rules of the way back for these fields. */
  readonly back: CompiledRules;
  /** The paths of `lossy`, joined by slashes. */
  readonly lossyPaths: ReadonlySet<string>;
}

/** Converts the objects of one CRD between its versions. */
export class Converter {
  readonly program: ConversionProgram;
  readonly kind: string;
  readonly #group: string;
  readonly #schemas: ReadonlyMap<string, Schema>;
  /** The steps that were needed so far, by `from>to`. */
  readonly #steps = new Map<string, Step>();
  readonly #crd: KubeObject;
  #formerConverter: Converter | undefined;

  constructor(crd: KubeObject, program: ConversionProgram) {
    this.program = program;
    this.#crd = crd;
    this.kind = textAt(crd.spec, 'names', 'kind');
    this.#group = textAt(crd.spec, 'group');
    this.#schemas = schemasOfVersions(crd);
  }

  /** The versions that are not the hub, in the order of the CRD. */
  get versions(): readonly string[] {
    return [...this.#schemas.keys()].filter((name) => name !== this.program.hub);
  }

  /** The schema of the whole object in a version. @throws ConversionError for an unknown version. */
  schemaOf(version: string): Schema {
    const schema = this.#schemas.get(version);
    if (schema !== undefined) return schema;
    const known = [...this.#schemas.keys()].join(', ');
    throw new ConversionError(`${this.kind} has no version ${version} (it has ${known})`);
  }

  /**
   * The object in the version of `apiVersion`. Its metadata stays, except for the annotation of kept fields. The given
   * object does not change.
   *
   * @param shared the work that is left for this object. It decreases.
   * @throws ConversionError when the object is of another kind, a version is unknown, or an expression fails.
   */
  convert(object: KubeObject, apiVersion: string, shared: SharedBudget = { left: MAX_OBJECT_WORK }): KubeObject {
    const [from, to] = [this.#versionOf(object.apiVersion, object.kind), this.#versionOf(apiVersion, object.kind)];
    if (from === to) return object;
    const { hub } = this.program;
    const atHub = from === hub ? (object as JsonObject) : this.#toHub(object, from, shared);
    const converted = to === hub ? atHub : this.#convert(atHub, hub, to, shared);
    return converted as KubeObject;
  }

  #toHub(object: KubeObject, from: string, shared: SharedBudget): JsonObject {
    const { hub } = this.program;
    const former = this.#former();
    // An object with an entry of the hub was read from it: a client writes it, and it is not stored in `from`.
    if (former?.isHub(from) !== true || keptFieldsOf(object).has(hub)) return this.#convert(object, from, hub, shared);
    const last = former.program.hub;
    const atLast = former.convert(object, this.apiVersionOf(last), shared);
    const made = this.#convert(atLast, last, hub, shared);
    // The other half of the work is left for the conversion from the hub.
    const given = Math.floor(shared.left / 2);
    const own = { left: given };
    const carried = this.#carried(atLast, made, former, own);
    shared.left -= given - own.left;
    return carried;
  }

  /** Is the version the hub, or a former one in which objects are still stored? */
  isHub(version: string): boolean {
    return version === this.program.hub || this.#former()?.isHub(version) === true;
  }

  /**
   * An object of the former hub, with what each other version showed of it there. A field that the former hub had under
   * another name is kept for such a version, and one that comes back in the hub gets its kept value: as if a client of the
   * version had written the object again. Where versions contradict each other, none that shows what it showed is changed.
   */
  #carried(object: KubeObject, atHub: JsonObject, former: Converter, shared: SharedBudget): JsonObject {
    const { hub } = this.program;
    const before = new Map<string, JsonValue>();
    for (const version of [former.program.hub, ...former.versions]) {
      const shown = attempt(() => former.convert(object, this.apiVersionOf(version), shared));
      if (shown !== undefined && Object.hasOwn(this.program.versions, version)) before.set(version, specOf(shown));
    }
    const viewsOf = (candidate: JsonObject): ReadonlyMap<string, JsonObject | undefined> =>
      new Map([...before.keys()].map((each) => [each, attempt(() => this.#convert(candidate, hub, each, shared))]));
    let [carried, views] = [atHub, viewsOf(atHub)];
    const isRight = ([version, spec]: readonly [string, JsonValue]) => jsonEquals(specOf(views.get(version)), spec);
    // A version that shows what is kept for others gets a value of its own only if another version needs another one.
    for (const isLeftOut of [isRight, () => false, isRight]) {
      if ([...before].every(isRight)) break;
      for (const entry of before) {
        const [version, spec] = entry;
        const after = views.get(version);
        if (after === undefined || isLeftOut(entry)) continue;
        const written = attempt(() => this.#convert({ ...after, spec }, version, hub, shared, true));
        const next = written === undefined ? undefined : viewsOf(written);
        if (written === undefined || next === undefined || !jsonEquals(specOf(next.get(version)), spec)) continue;
        const isWorse = [...before].some(([each, was]) => {
          const [now, then] = [views, next].map((shown) => specOf(shown.get(each)));
          return hasWrongField(asObject(was), asObject(now), asObject(then));
        });
        if (!isWorse) [carried, views] = [written, next];
      }
    }
    return carried;
  }

  #former(): Converter | undefined {
    const { former } = this.program;
    if (former !== undefined) this.#formerConverter ??= new Converter(this.#crd, former);
    return this.#formerConverter;
  }

  /** What is kept, with each further field for the first version that may have it and keeps no value of its own. */
  sharedWith(kept: KeptFields, more: readonly KeptField[]): KeptFields {
    const { hub } = this.program;
    const all = new Map(kept);
    for (const field of more) {
      const path = field.path.join('/');
      const version = this.versions.find(
        (each) =>
          this.#mayHave(each, this.#step(each, hub), field) &&
          all.get(each)?.some((own) => own.path.join('/') === path) !== true,
      );
      if (version !== undefined) all.set(version, [...(all.get(version) ?? []), field]);
    }
    return all;
  }

  #versionOf(apiVersion: string, kind: string): string {
    const { group, version } = parseApiVersion(apiVersion);
    if (group !== this.#group || kind !== this.kind)
      throw new ConversionError(`this is ${apiVersion} ${kind}, not a ${this.kind} of ${this.#group}`);
    this.schemaOf(version);
    return version;
  }

  /**
   * Converts from a version to the hub, or from the hub to a version, with the kept fields of both.
   *
   * @param isSame are the elements of changed lists still the same ones?
   */
  #convert(object: JsonObject, from: string, to: string, shared: SharedBudget, isSame = false): JsonObject {
    const [there, back] = [this.#step(from, to), this.#step(to, from)];
    const made = there.rules.convert(object, shared);
    const allKept = new Map(keptFieldsOf(object));
    const kept = this.#keptFor(to, back, allKept);
    const [large] = kept.filter(({ isTooLarge }) => isTooLarge);
    if (large !== undefined) throw this.#tooLarge(large, from, `, or write the object in ${to}`);
    const seen = (candidate: JsonObject) => tryConvert(back.rules, candidate, shared);
    const seenAs = (candidate: JsonObject) => seen(candidate)?.['spec'];
    const returned = (candidate: JsonObject) => tryConvert(there.rules, seen(candidate) ?? {}, shared);
    const sent = () => (StructuralSchema.applyDefaults(this.schemaOf(from), object) as JsonObject)['spec'];
    const restored = kept.length === 0 ? made : restoreFields(made, kept, { sent: sent(), seenAs, returned, isSame });
    allKept.delete(to);
    allKept.delete(from);
    // What a version can hold again needs no kept value.
    for (const [version, fields] of to === this.program.hub ? allKept : [])
      allKept.set(
        version,
        fields.filter(({ path }) => this.#isLossy(version, path)),
      );
    const { lossy } = there;
    // A write of the object is then not taken for an object that is stored in the former hub.
    const mark = this.#former()?.isHub(to) === true ? this.program.hub : undefined;
    if (lossy.length === 0) return withKeptFields({ ...restored, apiVersion: this.apiVersionOf(to) }, allKept, mark);
    const lost = lostFields(object, tryConvert(there.back, restored, shared) ?? {}, lossy);
    // What this version shows of the fields that other versions have, too, replaces what is kept for those.
    for (const [version, fields] of to === this.program.hub ? allKept : [])
      allKept.set(
        version,
        fields.flatMap((field) => this.#written(object, from, version, field)),
      );
    allKept.set(from, lost);
    const converted = withKeptFields({ ...restored, apiVersion: this.apiVersionOf(to) }, allKept, mark);
    if (lost.length === 0 || !hasTooLargeAnnotations(converted)) return converted;
    const [largest] = lost.toSorted((a, b) => lengthOf(b) - lengthOf(a));
    if (largest !== undefined && to === this.program.hub) throw this.#tooLarge(largest, to);
    // The object can be read in the version. A write would lose the values, and is refused on the way back.
    allKept.set(
      from,
      lost.map((field) => ({ ...field, isTooLarge: true })),
    );
    return withKeptFields(converted, allKept, mark);
  }

  /** The kept values that a version can have: its own ones, and the largest parts of those of other versions. */
  #keptFor(to: string, step: Step, allKept: KeptFields): KeptField[] {
    const { hub } = this.program;
    const others = [...allKept]
      .flatMap(([version, fields]) => (version === to || version === hub || to === hub ? [] : fields))
      .map((field) => ({ ...field, value: this.#known(to, field.path, field.value) }))
      .sort((a, b) => lengthOf(b) - lengthOf(a));
    const possible = [...(allKept.get(to) ?? []), ...others].filter((field) => this.#mayHave(to, step, field));
    return [...new Map(possible.toReversed().map((field) => [field.path.join('/'), field])).values()];
  }

  /**
   * What is kept for a version after another one has written its spec. Versions with the same field share one value. What
   * both have of a value is taken from the written one.
   */
  #written(object: JsonObject, from: string, version: string, field: KeptField): KeptField[] {
    const { hub, versions } = this.program;
    const { path, value, isTooLarge } = field;
    const own = this.#step(from, hub);
    if (!own.lossyPaths.has(path.join('/')) || !Object.hasOwn(versions, version)) return [field];
    const sent = { path, value: valueAt(object, ...path) };
    const isShared = this.#mayHave(from, own, field) && this.#mayHave(version, this.#step(version, hub), sent);
    if (isShared || isTooLarge === true) return isShared ? [] : [field];
    const before = this.#known(from, path, value);
    const next = withUnchanged({ kept: value, before, made: this.#known(version, path, sent.value) });
    return [isValidField(this.schemaOf(version), path, next) ? { ...field, value: next } : field];
  }

  /** The part of a value that a version has in the field. */
  #known(version: string, path: readonly string[], value: JsonValue | undefined): JsonValue | undefined {
    const field = declaredField(this.schemaOf(version), path);
    return value === undefined || field === undefined ? value : StructuralSchema.prune(field, value).value;
  }

  /** Does the hub lack a field of a version? True for a version that is not known. */
  #isLossy(version: string, path: readonly string[]): boolean {
    const rules = getOwn(this.program.versions, version);
    return rules === undefined || rules.lossy.some((each) => each.join('/') === path.join('/'));
  }

  /** May a version have this value in one of the fields that are kept for it? */
  #mayHave(version: string, { lossyPaths }: Step, { path, value, isTooLarge }: KeptField): boolean {
    if (!lossyPaths.has(path.join('/'))) return false;
    return isTooLarge === true ? version === this.program.hub : isValidField(this.schemaOf(version), path, value);
  }

  #tooLarge({ path }: KeptField, without: string, remedy = ''): ConversionError {
    const limit = 'at most 248 KiB with all other annotations';
    return new ConversionError(
      `${path.join('.')} has no place in ${without}, and its value is too large to be kept (${limit}); make the value smaller${remedy}`,
    );
  }

  #step(from: string, to: string): Step {
    const key = `${from}>${to}`;
    const known = this.#steps.get(key);
    if (known !== undefined) return known;
    const isToHub = to === this.program.hub;
    const version = isToHub ? from : to;
    const rules = getOwn(this.program.versions, version);
    if (rules === undefined) throw new ConversionError(`${this.kind} has no conversion for the version ${version}`);
    const schemas = { from: this.schemaOf(from), to: this.schemaOf(to) };
    const lossy = rules.lossy.filter((path) => declaredField(schemas.from, path) !== undefined);
    const [there, back] = isToHub ? [rules.toHub, rules.fromHub] : [rules.fromHub, rules.toHub];
    const step = {
      rules: new CompiledRules(there, schemas),
      back: new CompiledRules(back, { from: schemas.to, to: schemas.from }, lossy),
      lossy,
      lossyPaths: new Set(lossy.map((path) => path.join('/'))),
    };
    this.#steps.set(key, step);
    return step;
  }

  /** `group/version` of a version. */
  apiVersionOf = (version: string): string => formatApiVersion({ group: this.#group, version });
}

/**
 * May the field have the value, with all of its members? Clients can edit the annotation of kept fields, and an API server does not validate the
 * result of a conversion.
 */
function isValidField(schema: Schema, path: readonly string[], value: JsonValue | undefined): boolean {
  const field = declaredField(schema, path);
  if (field === undefined) return false;
  if (value === undefined)
    return declaredField(schema, path.slice(0, -1))?.required?.includes(path.at(-1) ?? '') !== true;
  return (
    StructuralSchema.validate(field, value).length === 0 && StructuralSchema.prune(field, value).unknown.length === 0
  );
}

const lengthOf = ({ value }: KeptField): number => stringifyJson(value ?? null).length;

/** The converted object; `undefined` when an expression fails. */
const tryConvert = (rules: CompiledRules, object: JsonObject, shared: SharedBudget): JsonObject | undefined =>
  attempt(() => rules.convert(object, shared));

function attempt<T>(convert: () => T): T | undefined {
  try {
    return convert();
  } catch (thrown) {
    if (thrown instanceof ConversionError) return undefined;
    throw thrown;
  }
}

/** Has a field that is right before a change another value after it? */
function hasWrongField(right: JsonObject, before: JsonObject, after: JsonObject): boolean {
  return Object.keys({ ...right, ...before, ...after }).some((name) => {
    const [value, first, second] = [right, before, after].map((spec) => getOwn(spec, name) ?? null);
    return jsonEquals(first ?? null, value ?? null) && !jsonEquals(second ?? null, value ?? null);
  });
}

const specOf = (object: JsonObject | undefined): JsonValue => object?.['spec'] ?? null;

const converters = oncePerObject((crd: KubeObject): Converter | undefined => {
  const program = programOf(crd);
  return program === undefined ? undefined : new Converter(crd, program);
});

/** The converter of a CRD, made once for each object; `undefined` for a CRD without conversions. */
export const converterOf = (crd: KubeObject): Converter | undefined => converters(crd);

/**
 * An object as an API server stores it: in the hub, converted from its version with the defaults of this version. An
 * object of a CRD without conversions stays as it is.
 *
 * @throws ConversionError as `Converter.convert`.
 */
export function inHub(crd: KubeObject, object: KubeObject): KubeObject {
  const converter = converterOf(crd);
  const hub = converter?.apiVersionOf(converter.program.hub) ?? object.apiVersion;
  if (converter === undefined || object.apiVersion === hub) return object;
  const schema = converter.schemaOf(parseApiVersion(object.apiVersion).version);
  return converter.convert(StructuralSchema.applyDefaults(schema, object) as KubeObject, hub);
}
