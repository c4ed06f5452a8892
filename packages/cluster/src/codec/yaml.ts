import { type JsonValue, escapeForYaml, setOwn, YAML_OUTPUT, yamlLibrary, yamlOutput } from '@typekro/kit/core';
import { goJsonProblem, goQuote, needsNoEscape } from '@typekro/kit/golang';
import { MAX_DEPTH, toJsonText } from './json.ts';
import { goProblem, readFirstDocument, YamlSyntaxError } from './first-yaml-document.ts';

export { YamlSyntaxError };

/** The error for a value that exists in YAML and not in JSON. In Go, it is an error of the JSON encoder. */
export class YamlValueError extends YamlSyntaxError {
  override get goText(): string {
    return this.message;
  }
}

/** The first document of a YAML text. */
export interface ParsedYaml {
  readonly value: JsonValue;
  /** One message per repeated key of a mapping. */
  readonly duplicates: readonly string[];
}

/** Returns the error of Go's strict parser from the messages about repeated keys. */
export const repeatedKeys = (duplicates: readonly string[]): string =>
  `yaml: unmarshal errors:${duplicates.map((text) => `\n  ${text}`).join('')}`;

/**
 * Parses the first document of a YAML text as JSON. Throws `YamlSyntaxError` for text that is not valid YAML, and for a
 * value that JSON does not have.
 */
export function parseYaml(text: string): ParsedYaml {
  try {
    return readYaml(text);
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    throw new YamlSyntaxError(goProblem(thrown.message) ?? thrown.message, { cause: thrown });
  }
}

/**
 * Did the library refuse the text? It throws a `ReferenceError` for too many aliases, a `RangeError` for nesting that
 * overflows the stack, and a plain `Error` for merged values that are not maps.
 */
const isRefusal = (thrown: unknown): thrown is Error =>
  thrown instanceof ReferenceError ||
  thrown instanceof RangeError ||
  (thrown instanceof Error && thrown.constructor === Error);

function readYaml(text: string): ParsedYaml {
  const { document, lineOf } = readFirstDocument(text);
  const targets: AliasTargets = new Map();
  prepare(document.contents, new Map(), targets);
  const duplicates: string[] = [];
  findDuplicates(document.contents, { targets, lineOf }, duplicates);
  return { value: normalise(document.toJS({ maxAliasCount: 100 }) as unknown, 1), duplicates };
}

interface YamlNode {
  readonly type?: string;
  readonly tag?: string;
  readonly items?: readonly unknown[];
  readonly key?: unknown;
  value?: unknown;
  readonly source?: unknown;
  readonly anchor?: string;
  readonly range?: readonly number[] | null;
}

const isNode = (value: unknown): value is YamlNode => typeof value === 'object' && value !== null;

/** Matches scalars that are an infinity or NaN in YAML. */
const SPECIAL_FLOAT = /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/;

/**
 * Matches an integer in a Go notation that YAML 1.1 does not have, such as `0o17`. Group 2 is the number without its
 * sign.
 */
const PREFIXED_INTEGER =
  /^([-+]?)(0(?:[oO][0-7_]*[0-7][0-7_]*|X[\da-fA-F_]*[\da-fA-F][\da-fA-F_]*|B[01_]*[01][01_]*))$/;

/**
 * Sets a scalar to its value in Go's parser. That parser reads times (`2001-12-14`), base 60 numbers (`12:30`) and
 * out-of-range floats (`1e400`) as strings, and `0o17` as an integer.
 */
function readAsGo(node: YamlNode): void {
  const { value, source } = node;
  if (typeof source !== 'string') return;
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  const isBeyondFloats = typeof value === 'number' && !Number.isFinite(value) && !SPECIAL_FLOAT.test(source);
  if (value instanceof Date || (isNumber && source.includes(':')) || isBeyondFloats) node.value = source;
  if (typeof value === 'string' && node.type === 'PLAIN' && node.tag === undefined) node.value = integerOf(source);
}

const MIN_INTEGER = -(2n ** 63n);
const MAX_INTEGER = 2n ** 64n - 1n;

/** Returns the integer for a text such as `0o17`, and any other text unchanged. */
function integerOf(text: string): string | bigint {
  const [, sign, digits] = PREFIXED_INTEGER.exec(text) ?? [];
  if (digits === undefined) return text;
  const size = BigInt(digits.replaceAll('_', ''));
  const value = sign === '-' ? -size : size;
  return value < MIN_INTEGER || value > MAX_INTEGER ? text : value;
}

/** Maps an alias to the node to which it refers. */
type AliasTargets = Map<YamlNode, YamlNode>;

/**
 * Resolves aliases, and sets scalars to their values in Go. `anchors` contains the latest node of each anchor, or
 * `open` while the list or mapping of the anchor is being processed.
 *
 * @throws YamlSyntaxError for an alias without an anchor, and for an alias inside the value of its own anchor.
 */
function prepare(node: unknown, anchors: Map<string, YamlNode | 'open'>, targets: AliasTargets): void {
  if (!isNode(node)) return;
  if ('key' in node) {
    prepare(node.key, anchors, targets);
    return prepare(node.value, anchors, targets);
  }
  if (yamlLibrary().isAlias(node)) {
    const target = anchors.get(node.source);
    if (target === 'open') throw new YamlSyntaxError(`anchor '${node.source}' value contains itself`);
    if (target === undefined) throw new YamlSyntaxError(`unknown anchor '${node.source}' referenced`);
    targets.set(node, target);
    return;
  }
  readAsGo(node);
  const { anchor } = node;
  if (anchor !== undefined) anchors.set(anchor, 'open');
  for (const item of node.items ?? []) prepare(item, anchors, targets);
  if (anchor !== undefined) anchors.set(anchor, node);
}

/** The state of the walk through a document. */
interface Walk {
  readonly targets: AliasTargets;
  /** Returns the line of an offset in the text. */
  readonly lineOf: (offset: number) => number;
}

/** Returns the node itself or, for an alias, the node to which it refers. */
const resolved = (node: unknown, targets: AliasTargets): unknown => (isNode(node) ? (targets.get(node) ?? node) : node);

/**
 * Adds a message for each repeated key of a mapping, with the line of its value. As in Go's parser, messages about keys
 * inside a value precede the message about the key of the value.
 *
 * @throws YamlSyntaxError for a key that is a list or a mapping.
 */
function findDuplicates(node: unknown, walk: Walk, found: string[]): void {
  if (!isNode(node) || node.items === undefined) return;
  const keys = new Set<unknown>();
  for (const item of node.items) {
    if (!isNode(item) || !('key' in item)) {
      findDuplicates(item, walk, found);
      continue;
    }
    findDuplicates(item.value, walk, found);
    const keyNode = resolved(item.key, walk.targets);
    if (isNode(keyNode) && keyNode.items !== undefined)
      throw new YamlSyntaxError(`invalid map key: ${goKey(keyNode, { targets: walk.targets, length: 0 })}`);
    const key = isNode(keyNode) ? keyNode.value : keyNode;
    if (isScalar(key) && keys.has(key)) {
      const place = isNode(item.value) ? item.value : item.key;
      const line = walk.lineOf((isNode(place) ? place.range?.[0] : 0) ?? 0);
      found.push(`line ${line}: key ${typeof key === 'string' ? goQuote(key) : String(key)} already set in map`);
    }
    keys.add(key);
  }
}

/** The maximum length of a key in a message. Only nested aliases can lead to a longer key. */
const MAX_KEY_LENGTH = 2 ** 24;

/** Formats a list or mapping that is used as a key, in Go's syntax. `done` counts the characters. */
function goKey(written: unknown, done: { readonly targets: AliasTargets; length: number }): string {
  const node = resolved(written, done.targets);
  const isMap = yamlLibrary().isMap(node);
  const items = isNode(node) ? node.items : undefined;
  const start = items === undefined ? goScalar(node) : isMap ? 'map[interface {}]interface {}' : '[]interface {}';
  done.length += start.length;
  if (done.length > MAX_KEY_LENGTH) throw new YamlSyntaxError('document contains excessive aliasing');
  if (items === undefined) return start;
  const texts = items.map((item) =>
    isMap && isNode(item) ? `${goKey(item.key, done)}:${goKey(item.value, done)}` : goKey(item, done),
  );
  return `${start}{${texts.join(', ')}}`;
}

function goScalar(node: unknown): string {
  const value = isNode(node) ? node.value : undefined;
  if (typeof value === 'string') return goQuote(value);
  return value === null || value === undefined ? 'interface {}(nil)' : String(value);
}

const isScalar = (key: unknown): boolean => ['string', 'bigint', 'number', 'boolean'].includes(typeof key);

/**
 * Converts a value to JSON. Bytes become strings, and infinities and NaN throw `YamlValueError`. Integers become
 * numbers when no digit is lost. `depth` is the nesting level of an object or a list. Throws `YamlSyntaxError` beyond
 * `MAX_DEPTH`.
 */
function normalise(value: unknown, depth: number): JsonValue {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') {
    const problem = goJsonProblem(value);
    if (problem !== undefined) throw new YamlValueError(problem);
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value === 'object') {
    if (depth > MAX_DEPTH) throw new YamlSyntaxError(`exceeded max depth of ${MAX_DEPTH}`);
    if (Array.isArray(value)) return value.map((entry) => normalise(entry, depth + 1));
    const out: Record<string, JsonValue> = {};
    for (const [key, entry] of Object.entries(value)) setOwn(out, key, normalise(entry, depth + 1));
    return out;
  }
  return value as string | number | boolean;
}

/** The maximum length of a value that is printed with a line for each member, as JSON, in characters. */
const MAX_BLOCK_LENGTH = 32 * 1024;

/** Is a value of this length, as JSON, printed on one line? The library takes a second for each megabyte. */
export const isLongYaml = (length: number): boolean => length > MAX_BLOCK_LENGTH;

/**
 * Prints YAML like the API server: with sorted keys, without line folding and list indentation, and with quotes around
 * strings that YAML 1.1 would read as another type. A long value is one line (see `toYamlLine`).
 */
export function toYamlText(value: unknown): string {
  if (isLongYaml(toJsonText(value).length)) return `${toYamlLine(value)}\n`;
  const document = new (yamlLibrary().Document)(value, { ...YAML_OUTPUT, sortMapEntries: true });
  return yamlOutput(document, { indentSeq: false });
}

/** The maximum length of a key without the indicator `?`. Readers of YAML 1.1 allow 1024 characters. */
const MAX_KEY_WIDTH = 1000;

/** Prints a value on one line: JSON with sorted keys, with `?` before long keys, and without characters that YAML lacks. */
export function toYamlLine(value: unknown): string {
  const parts: string[] = [];
  const quoted = (text: string) => (needsNoEscape(text) ? `"${text}"` : escapeForYaml(JSON.stringify(text)));
  const print = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) {
      parts.push(typeof node === 'string' ? quoted(node) : String(node ?? null));
      return;
    }
    const isList = Array.isArray(node);
    const members = node as Readonly<Record<string, unknown>>;
    const keys = isList ? undefined : Object.keys(members).filter((key) => members[key] !== undefined);
    parts.push(isList ? '[' : '{');
    let separator = '';
    for (const item of keys?.sort() ?? (node as unknown[])) {
      parts.push(separator);
      separator = ', ';
      if (keys === undefined) {
        print(item);
        continue;
      }
      const key = quoted(item as string);
      parts.push(key.length > MAX_KEY_WIDTH ? `? ${key} : ` : `${key}: `);
      print(members[item as string]);
    }
    parts.push(isList ? ']' : '}');
  };
  print(value);
  return parts.join('');
}
