import { type JsonObject, isJsonObject, nearestName, TypeKroError } from '@typekro/kit/core';

/** A column of `kubectl get`. The fields are those of a CustomResourceDefinition. */
export interface PrinterColumn {
  /** The header. */
  readonly name: string;
  /** The type of the value. The server prints the age of a `date`. */
  readonly type: 'boolean' | 'date' | 'integer' | 'number' | 'string';
  /** The path of the value in the instance, such as `.status.address`. */
  readonly jsonPath: string;
  readonly description?: string;
  /** An OpenAPI format, such as `int32` or `password`. */
  readonly format?: string;
  /** With a priority above 0, only `kubectl get -o wide` shows the column. Default 0. */
  readonly priority?: number;
}

/** Labels and annotations that an object gets. */
export interface AddedMetadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The way an API server serves the kind of a composition. Direct mode uses only `scope`. */
export interface ServedKind {
  /**
   * The scope of the instances. An instance with the scope `Cluster` has no namespace, so each namespaced resource must
   * name its namespace. Default `Namespaced`.
   */
  readonly scope?: 'Namespaced' | 'Cluster';
  /** Short names of the kind, for `kubectl get`. */
  readonly shortNames?: readonly string[];
  /** Groups of kinds that include this kind, such as `all` for `kubectl get all`. */
  readonly categories?: readonly string[];
  /** The columns of `kubectl get`. They replace kro's columns `State`, `Ready` and `Age`. */
  readonly additionalPrinterColumns?: readonly PrinterColumn[];
  /** Labels and annotations of the CustomResourceDefinition: `spec.schema.metadata` of the definition. */
  readonly crdMetadata?: AddedMetadata;
  /** Labels and annotations of the ResourceGraphDefinition. */
  readonly metadata?: AddedMetadata;
}

/** The parts of a ResourceGraphDefinition that come from the options of a `ServedKind`. */
export interface ServedParts {
  /** Members of `spec.schema`. */
  readonly schema: JsonObject;
  /** Members of `metadata`. */
  readonly metadata: JsonObject;
}

/** Do instances have no namespace? */
export const isClusterScoped = ({ schema }: ServedParts): boolean => schema['scope'] === 'Cluster';

/** The names of the options. */
export const SERVED_KEYS: readonly (keyof ServedKind)[] = [
  'scope',
  'shortNames',
  'categories',
  'additionalPrinterColumns',
  'crdMetadata',
  'metadata',
];

/** The parts of a definition for which no option of `ServedKind` is given. */
export const NOTHING_SERVED: ServedParts = { schema: {}, metadata: {} };

const COLUMN_TYPES: readonly string[] = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_KEYS: readonly string[] = ['name', 'type', 'jsonPath', 'description', 'format', 'priority'];
const METADATA_KEYS: readonly string[] = ['labels', 'annotations'];

/**
 * Reads the options that describe the kind of a definition.
 *
 * @throws TypeKroError `compose/definition` for an option of the wrong type, and for an unknown member.
 */
export function servedParts(given: Readonly<Record<string, unknown>>): ServedParts {
  const { scope } = given;
  if (scope !== undefined && scope !== 'Namespaced' && scope !== 'Cluster')
    throw wrongDefinition(`the scope of a definition must be "Namespaced" or "Cluster", not ${shown(scope)}`);
  const shortNames = textList(given, 'shortNames');
  const categories = textList(given, 'categories');
  const columns = listOf(given, 'additionalPrinterColumns').map(printerColumn);
  const crdMetadata = addedMetadata(given, 'crdMetadata');
  return {
    schema: {
      ...(scope === 'Cluster' ? { scope } : {}),
      ...(shortNames.length === 0 ? {} : { shortNames }),
      ...(categories.length === 0 ? {} : { categories }),
      ...(columns.length === 0 ? {} : { additionalPrinterColumns: columns }),
      ...(Object.keys(crdMetadata).length === 0 ? {} : { metadata: crdMetadata }),
    },
    metadata: addedMetadata(given, 'metadata'),
  };
}

/** A list of strings of `what`, the definition or a part of it; empty when the option is not given. */
export function textList(given: Readonly<Record<string, unknown>>, key: string, what = 'a definition'): string[] {
  return listOf(given, key, what).map((entry) => {
    if (typeof entry === 'string' && entry !== '') return entry;
    throw wrongDefinition(`${key} of ${what} must be a list of strings, but contains ${shown(entry)}`);
  });
}

function listOf(given: Readonly<Record<string, unknown>>, key: string, what = 'a definition'): readonly unknown[] {
  const value = given[key];
  if (value === undefined) return [];
  if (Array.isArray(value)) return value as readonly unknown[];
  throw wrongDefinition(`${key} of ${what} must be a list, not ${shown(value)}`, `write ${key}: [${shown(value)}]`);
}

function printerColumn(value: unknown, index: number): JsonObject {
  const where = `additionalPrinterColumns[${index}]`;
  if (!isJsonObject(value)) throw wrongDefinition(`${where} must be an object: { name, type, jsonPath }`);
  refuseUnknownOptions(value, COLUMN_KEYS, where);
  for (const key of ['name', 'type', 'jsonPath']) {
    if (typeof value[key] !== 'string' || value[key] === '') throw wrongDefinition(`${where} needs a ${key}`);
  }
  if (!COLUMN_TYPES.includes(value['type'] as string))
    throw wrongDefinition(
      `the type of ${where} must be one of ${COLUMN_TYPES.join(', ')}, not ${shown(value['type'])}`,
    );
  if (!(value['jsonPath'] as string).startsWith('.'))
    throw wrongDefinition(`the jsonPath of ${where} must begin with a dot`, `write ".${value['jsonPath'] as string}"`);
  for (const key of ['description', 'format']) {
    if (value[key] !== undefined && typeof value[key] !== 'string')
      throw wrongDefinition(`${key} of ${where} must be a string`);
  }
  if (value['priority'] !== undefined && !Number.isInteger(value['priority']))
    throw wrongDefinition(`priority of ${where} must be an integer`);
  return definedMembers(value);
}

/** The labels and annotations of an option; an empty object when the option has none. */
function addedMetadata(given: Readonly<Record<string, unknown>>, key: string): JsonObject {
  const value = given[key];
  if (value === undefined) return {};
  if (!isJsonObject(value)) throw wrongDefinition(`${key} of a definition must be an object: { labels, annotations }`);
  refuseUnknownOptions(value, METADATA_KEYS, key);
  return Object.fromEntries(
    METADATA_KEYS.flatMap((part) => {
      const texts = value[part];
      if (texts === undefined) return [];
      if (!isJsonObject(texts)) throw wrongDefinition(`${key}.${part} must be an object of strings`);
      for (const [name, text] of Object.entries(texts)) {
        if (typeof text === 'string') continue;
        throw wrongDefinition(
          `${key}.${part} has ${shown(text)} at "${name}"; it must be a string`,
          `write "${String(text)}"`,
        );
      }
      return Object.keys(texts).length === 0 ? [] : [[part, { ...texts }]];
    }),
  );
}

const definedMembers = (value: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));

const shown = (value: unknown): string => JSON.stringify(value) ?? String(value);

/** The error `compose/definition` for an invalid definition. */
export function wrongDefinition(message: string, remedy?: string): TypeKroError {
  return new TypeKroError(message, { code: 'compose/definition', ...(remedy === undefined ? {} : { remedy }) });
}

/**
 * Refuses unknown keys, so that a misspelt key, such as `staus`, is not silently ignored.
 *
 * @throws TypeKroError `compose/definition` for the first unknown key. The error names the most similar known key.
 */
export function refuseUnknownOptions(given: object, known: readonly string[], what: string): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const near = nearestName(unknown, known);
  throw wrongDefinition(
    `${what} has no "${unknown}"`,
    near === undefined ? `leave it out: it has ${known.join(', ')}` : `did you mean "${near}"?`,
  );
}
