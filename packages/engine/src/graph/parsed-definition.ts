import { type JsonObject, type JsonValue, type KubeObject, isJsonObject, stringifyJson } from '@typekro/kit/core';
import { valueAt } from '@typekro/kit/kubernetes';
import type { PathStep } from './model.ts';
import type { Problems } from './problems.ts';

/**
 * The `spec.schema` block with the API server's defaults. `spec`, `types` and `status` are as the author wrote them.
 */
export interface SchemaBlock {
  readonly kind: string;
  readonly apiVersion: string;
  readonly group: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly spec: JsonValue | undefined;
  readonly types: JsonValue | undefined;
  readonly status: JsonValue | undefined;
  readonly additionalPrinterColumns: readonly JsonObject[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The versions of the API beside the hub, which is `apiVersion`. */
  readonly versions: readonly VersionBlock[];
}

/** One entry of `spec.schema.versions`: a version of the API that is converted to the hub and from it. */
export interface VersionBlock {
  readonly path: readonly PathStep[];
  readonly name: string;
  readonly served: boolean;
  readonly deprecated: boolean;
  /** The warning that clients of the version get. Empty for the text of the API server. */
  readonly deprecationWarning: string;
  readonly spec: JsonValue | undefined;
  readonly types: JsonValue | undefined;
  /** The status in SimpleSchema. Undefined for the status of the hub. */
  readonly status: JsonValue | undefined;
  readonly additionalPrinterColumns: readonly JsonObject[];
  /** The conversion to the hub: expressions by the paths of fields, or one expression of the whole object. */
  readonly convertTo: JsonValue | undefined;
  /** The conversion from the hub, in the same forms. */
  readonly convertFrom: JsonValue | undefined;
  /** The paths of fields that one of both versions cannot hold. */
  readonly lossy: readonly ConditionText[];
}

/** One dimension of `forEach` as the author wrote it: its name, the string of its list, and the path of this string. */
export interface ForEachEntry {
  readonly name: string;
  readonly text: string;
  readonly path: readonly PathStep[];
}

/** A string in a list of conditions, with its path. */
export interface ConditionText {
  readonly text: string;
  readonly path: readonly PathStep[];
}

/** One entry of `spec.resources`. */
export interface ResourceBlock {
  readonly id: string;
  readonly index: number;
  readonly path: readonly PathStep[];
  readonly template: JsonValue | undefined;
  readonly externalRef: JsonObject | undefined;
  readonly variable: JsonValue | undefined;
  readonly deletionPolicy: JsonValue | undefined;
  readonly externalFields: JsonValue | undefined;
  readonly optional: JsonValue | undefined;
  readonly forEach: readonly ForEachEntry[];
  readonly includeWhen: readonly ConditionText[];
  readonly readyWhen: readonly ConditionText[];
  readonly propagateWhen: readonly ConditionText[];
}

/** A ResourceGraphDefinition, read field by field; fields of a wrong JSON type are reported and left out. */
export interface ParsedDefinition {
  readonly name: string;
  readonly schema: SchemaBlock;
  readonly resources: readonly ResourceBlock[];
  /** `spec.propagateWhen`: the conditions under which an instance gets a new revision. */
  readonly propagateWhen: readonly ConditionText[];
}

/** Does the object have the type of a definition? The definition may be invalid. */
export function isDefinition({ apiVersion, kind }: KubeObject): boolean {
  return kind === 'ResourceGraphDefinition' && apiVersion.startsWith('kro.run/');
}

/**
 * Reads a definition. Reports a problem and returns undefined when the value is not a definition or has no
 * `spec.schema`.
 */
export function readDefinition(value: JsonValue, problems: Problems): ParsedDefinition | undefined {
  const reader = new Reader(problems);
  const root = reader.object(value, []);
  if (root === undefined) return undefined;
  const kind = valueAt(root, 'kind');
  if (kind !== undefined && kind !== 'ResourceGraphDefinition') {
    reader.wrong(['kind'], `this is a ${stringifyJson(kind)}, not a ResourceGraphDefinition`);
    return undefined;
  }
  const spec = reader.object(valueAt(root, 'spec') ?? {}, ['spec']);
  if (spec === undefined) return undefined;
  const schema = valueAt(spec, 'schema');
  if (schema === undefined || schema === null) {
    problems.error({
      phase: 'structure',
      code: 'graph/schema-missing',
      message: 'the definition has no spec.schema, so it defines no API',
      place: { path: ['spec'], key: true },
      hint: 'add spec.schema with apiVersion and kind',
    });
    return undefined;
  }
  const block = reader.object(schema, ['spec', 'schema']);
  if (block === undefined) return undefined;
  const metadata = reader.object(valueAt(root, 'metadata') ?? {}, ['metadata']) ?? {};
  return {
    name: reader.text(valueAt(metadata, 'name'), ['metadata', 'name']),
    schema: reader.schema(block),
    resources: reader
      .list(valueAt(spec, 'resources'), ['spec', 'resources'])
      .map((entry, index) => reader.resource(entry, index)),
    propagateWhen: reader.texts(valueAt(spec, 'propagateWhen') ?? [], ['spec', 'propagateWhen']),
  };
}

/** The remedy for a value that is not a list, such as a map of resources by their ids. */
function listHint(value: JsonValue, path: readonly PathStep[]): string {
  if (path.at(-1) === 'forEach' && typeof value === 'string')
    return `give each list a name: write "- item: ${value}" below forEach:`;
  const [first] = isJsonObject(value) ? Object.keys(value) : [];
  return path.at(-1) === 'resources' && first !== undefined
    ? `write "- id: ${first}" instead of "${first}:", and so for each resource`
    : 'begin each entry with "- ", also when there is only one';
}

/** The remedy for a number or a boolean where a string is expected. */
function textHint(value: JsonValue, path: readonly PathStep[], written = String(value)): string | undefined {
  const isCondition = ['includeWhen', 'readyWhen', 'propagateWhen'].includes(String(path.at(-2)));
  if (isJsonObject(value) || Array.isArray(value)) return undefined;
  if (path.at(-1) === 'id') return `begin the id with a lowercase letter, as in id: r${String(value)}`;
  if (isCondition && typeof value !== 'boolean')
    return 'write a condition in ${…}, as in ${schema.spec.enabled}, or remove the entry';
  return isCondition ? `write an expression: \${${String(value)}}` : `put it in quotes: "${written}"`;
}

class Reader {
  readonly #problems: Problems;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  wrong(path: readonly PathStep[], message: string, hint?: string): void {
    const more = hint === undefined ? {} : { hint };
    this.#problems.error({ phase: 'structure', code: 'graph/invalid-definition', message, place: { path }, ...more });
  }

  object(value: JsonValue | undefined, path: readonly PathStep[]): JsonObject | undefined {
    if (isJsonObject(value)) return value;
    const isEmptyItem = value === null && typeof path.at(-1) === 'number';
    const hint = isEmptyItem ? 'write the members of the object after the "- ", or remove the "-"' : undefined;
    if (value !== undefined) this.wrong(path, 'an object is expected here', hint);
    return undefined;
  }

  list(value: JsonValue | undefined, path: readonly PathStep[]): readonly JsonValue[] {
    if (Array.isArray(value)) return value;
    if (value !== undefined && value !== null) this.wrong(path, 'a list is expected here', listHint(value, path));
    return [];
  }

  text(value: JsonValue | undefined, path: readonly PathStep[]): string {
    if (typeof value === 'string') return value;
    if (value !== undefined && value !== null)
      this.wrong(path, 'a string is expected here', textHint(value, path, this.#problems.written(path)?.text));
    return '';
  }

  texts(value: JsonValue | undefined, path: readonly PathStep[]): ConditionText[] {
    return this.list(value, path).map((entry, index) => ({
      text: this.text(entry, [...path, index]),
      path: [...path, index],
    }));
  }

  stringMap(value: JsonValue | undefined, path: readonly PathStep[]): Record<string, string> {
    const object = value === null ? {} : (this.object(value, path) ?? {});
    return Object.fromEntries(Object.entries(object).map(([key, entry]) => [key, this.text(entry, [...path, key])]));
  }

  schema(block: JsonObject): SchemaBlock {
    const path = ['spec', 'schema'];
    const text = (key: string): string => this.text(valueAt(block, key), [...path, key]);
    const names = (key: string): string[] => this.texts(valueAt(block, key), [...path, key]).map((entry) => entry.text);
    const metadata = this.object(valueAt(block, 'metadata') ?? {}, [...path, 'metadata']) ?? {};
    return {
      kind: text('kind'),
      apiVersion: text('apiVersion'),
      group: Object.hasOwn(block, 'group') ? text('group') : 'kro.run',
      scope: text('scope') === 'Cluster' ? 'Cluster' : 'Namespaced',
      spec: valueAt(block, 'spec'),
      types: valueAt(block, 'types'),
      status: valueAt(block, 'status'),
      additionalPrinterColumns: this.columns(block, path),
      shortNames: names('shortNames'),
      categories: names('categories'),
      labels: this.stringMap(valueAt(metadata, 'labels') ?? {}, [...path, 'metadata', 'labels']),
      annotations: this.stringMap(valueAt(metadata, 'annotations') ?? {}, [...path, 'metadata', 'annotations']),
      versions: this.list(valueAt(block, 'versions'), [...path, 'versions']).map((entry, index) =>
        this.version(entry, [...path, 'versions', index]),
      ),
    };
  }

  columns(block: JsonObject, path: readonly PathStep[]): JsonObject[] {
    const at = [...path, 'additionalPrinterColumns'];
    return this.list(valueAt(block, 'additionalPrinterColumns'), at).map(
      (column, index) => this.object(column, [...at, index]) ?? {},
    );
  }

  flag(block: JsonObject, key: string, path: readonly PathStep[], fallback: boolean): boolean {
    const value = valueAt(block, key) ?? fallback;
    if (typeof value === 'boolean') return value;
    this.wrong([...path, key], 'true or false is expected here', `write ${key}: ${String(!fallback)}`);
    return fallback;
  }

  version(value: JsonValue, path: readonly PathStep[]): VersionBlock {
    const block = this.object(value, path) ?? {};
    return {
      path,
      name: this.text(valueAt(block, 'name'), [...path, 'name']),
      served: this.flag(block, 'served', path, true),
      deprecated: this.flag(block, 'deprecated', path, false),
      deprecationWarning: this.text(valueAt(block, 'deprecationWarning'), [...path, 'deprecationWarning']),
      spec: valueAt(block, 'spec'),
      types: valueAt(block, 'types'),
      status: valueAt(block, 'status'),
      additionalPrinterColumns: this.columns(block, path),
      convertTo: valueAt(block, 'convertTo') ?? undefined,
      convertFrom: valueAt(block, 'convertFrom') ?? undefined,
      lossy: this.texts(valueAt(block, 'lossy'), [...path, 'lossy']),
    };
  }

  resource(value: JsonValue, index: number): ResourceBlock {
    const path = ['spec', 'resources', index];
    const block = this.object(value, path) ?? {};
    const at = (key: string): PathStep[] => [...path, key];
    const conditions = (key: string): ConditionText[] => {
      const texts = valueAt(block, key);
      return texts === undefined ? [] : this.texts(texts, at(key));
    };
    const id = valueAt(block, 'id');
    const forEach = valueAt(block, 'forEach') ?? [];
    const externalRef = valueAt(block, 'externalRef') ?? undefined;
    const template = valueAt(block, 'template') ?? undefined;
    return {
      id: typeof id === 'string' ? id : this.text(id, at('id')),
      index,
      path,
      template,
      externalRef: externalRef === undefined ? undefined : this.object(externalRef, at('externalRef')),
      variable: valueAt(block, 'variable') ?? undefined,
      deletionPolicy: valueAt(block, 'deletionPolicy') ?? undefined,
      externalFields: valueAt(block, 'externalFields') ?? undefined,
      optional: valueAt(block, 'optional') ?? undefined,
      forEach: this.list(forEach, at('forEach')).flatMap((entry, position) =>
        this.dimensions(entry, [...at('forEach'), position]),
      ),
      includeWhen: conditions('includeWhen'),
      propagateWhen: conditions('propagateWhen'),
      readyWhen: conditions('readyWhen'),
    };
  }

  /** The entries of one forEach element. An element should have one entry, but kro's builder accepts any number. */
  dimensions(value: JsonValue, path: readonly PathStep[]): ForEachEntry[] {
    return Object.entries(this.object(value, path) ?? {}).map(([name, text]) => ({
      name,
      text: this.text(text, [...path, name]),
      path: [...path, name],
    }));
  }
}
