import { firstDefined } from '@typekro/kit/core';
import type { Diagnostic } from '@typekro/kit/core';
import type { Node, Raw } from '../ir/node.ts';
import type { StaticType } from '../ir/types.ts';
import type { ResourceRecord } from '../trace/records.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { resolveMerged } from '../value/merge.ts';
import { mergedPieces } from '../value/value-nodes.ts';
import { isOpen as isOpenItem } from '../value/open.ts';
import { isPlainObject } from '../value/printed.ts';
import { hasTokens, symbolic } from '../value/proxy.ts';
import { Phi } from '../value/symbolic.ts';
import { type StatusPlaces, noteRefusal } from './declared-status.ts';
import { visitWrittenNodes } from '../value/specialise.ts';

const VALUES: ReadonlySet<unknown> = new Set(['data', 'stringData']);

/** Is the resource a Secret? */
const isSecret = ({ apiVersion, kind }: ResourceRecord): boolean => apiVersion === 'v1' && kind === 'Secret';

/**
 * Refuses a status that contains values of a Secret, because every user who may read the instance could read these
 * values.
 */
export function refuseSecretStatus(status: unknown, records: readonly ResourceRecord[], places: StatusPlaces): void {
  const secrets = records.filter(isSecret);
  if (secrets.length === 0) return;
  const finder = new SecretFinder(secrets, records);
  const check = (raw: unknown, path: readonly string[]): void => {
    const value = resolveMerged(raw);
    const isObject = typeof value === 'object' && value !== null && symbolic(value) === undefined;
    if (isObject && isPlainObject(value) && mergedPieces(value) === undefined) {
      for (const [name, field] of Object.entries(value)) check(field, [...path, name]);
      return;
    }
    const found = finder.find(value);
    if (found === undefined) return;
    const field = path.length === 0 ? 'the status' : `the status field "${path.join('.')}"`;
    noteRefusal(
      () =>
        refuse(
          'secret-status',
          `${field} reads ${found}; every user who may read the instance could read the Secret`,
          'return the name of the Secret (metadata.name), and let the reader fetch it',
        ),
      places.field(path) ?? places.whole,
    );
  };
  check(status, []);
}

/** Finds reads of the values of Secrets in expressions. */
class SecretFinder {
  readonly #types: ReadonlySet<StaticType>;
  readonly #ids: ReadonlyMap<string, ResourceRecord>;
  readonly #variables: ReadonlySet<unknown>;
  readonly #others: readonly ResourceRecord[];

  constructor(secrets: readonly ResourceRecord[], all: readonly ResourceRecord[]) {
    this.#others = all.filter((record) => !isSecret(record));
    this.#types = new Set(secrets.map(({ type }) => type));
    this.#ids = new Map(secrets.map((record) => [record.id, record]));
    this.#variables = new Set(secrets.flatMap(({ variable, element }) => [variable, element]));
  }

  /**
   * The path in a Secret that a value reads; `undefined` when the value reads no values of a Secret. A test for the
   * presence of a key does not count as a read.
   */
  find(value: unknown, seen = new Set<Node>()): string | undefined {
    let found: string | undefined;
    visitWrittenNodes(value, (node) => (found ??= this.#search(node, seen)));
    return found;
  }

  #search(node: Node, seen: Set<Node>): string | undefined {
    if (seen.has(node)) return undefined;
    seen.add(node);
    const [first, second] = node.args;
    if (node.kind === 'raw') {
      const read = this.#byHand(node, seen);
      if (read !== undefined) return read;
    }
    if ((node.kind === 'select' || node.kind === 'optselect') && VALUES.has(node.field) && this.#isSecret(first))
      return `${this.#name(first)}.${node.field}`;
    if ((node.kind === 'call' || node.kind === 'method') && node.args.some((arg) => this.#isSecret(arg)))
      return `${this.#name(node.args.find((arg) => this.#isSecret(arg)))} as a whole`;
    const { root, path, keys } = memberPath(node);
    const other = this.#otherOf(root);
    if (other !== undefined) {
      const read = this.#through(other, path, seen);
      if (read !== undefined) return read;
      return firstDefined(keys, (key) => this.#search(key, seen));
    }
    const isQuestion = (arg: Node) =>
      (node.kind === 'has' && arg === first && this.#isRevealed(arg)) ||
      (node.kind === 'in' && arg === second && this.#isRevealed(arg));
    return firstDefined(node.args, (arg) => (isQuestion(arg) ? undefined : this.#search(arg, seen)));
  }

  /**
   * Does the expression read values of a Secret, or a part of another object? A presence test of such an expression
   * reveals no value of a Secret.
   */
  #isRevealed(node: Node): boolean {
    return this.#isValues(node) || this.#otherOf(memberPath(node).root) !== undefined;
  }

  /** The resource that a variable denotes; `undefined` for a Secret, and for a node that denotes no resource. */
  #otherOf(node: Node): ResourceRecord | undefined {
    if (node.kind !== 'var' || node.type.kind === 'list') return undefined;
    const isIt = ({ variable, element }: ResourceRecord) => node.variable === variable || node.variable === element;
    return this.#others.find(isIt) ?? this.#others.find(({ type }) => node.type === type);
  }

  /**
   * The path in a Secret from which the composition takes the value at `path` of another object; `undefined` if that
   * value is from no Secret.
   */
  #through(record: ResourceRecord, path: readonly (string | undefined)[], seen: Set<Node>): string | undefined {
    const read = this.find(writtenAt(record.manifest, path), seen);
    if (read === undefined) return undefined;
    const place = path.flatMap((key) => (key === undefined ? [] : [key]));
    return `${read} through ${[record.id, ...place].join('.')}`;
  }

  #isValues(node: Node): boolean {
    return (
      (node.kind === 'select' || node.kind === 'optselect') && VALUES.has(node.field) && this.#isSecret(node.args[0])
    );
  }

  #isSecret(node: Node | undefined): boolean {
    if (node === undefined) return false;
    return (
      this.#types.has(node.type) ||
      (node.kind === 'var' && this.#variables.has(node.variable) && node.type.kind !== 'list')
    );
  }

  #name(node: Node | undefined): string {
    const records = [...this.#ids.values()];
    return (
      (records.find(({ variable }) => node?.kind === 'var' && node.variable === variable) ?? records[0])?.id ?? 'Secret'
    );
  }

  /**
   * The path in a Secret that hand-written CEL reads, found by a search in the CEL text. The text must name the Secret
   * or take it as an argument, and must read a field of the Secret's values.
   */
  #byHand({ pieces, args }: Raw, seen: Set<Node>): string | undefined {
    const text = pieces.join(' ').replaceAll(/\bhas\([^()]*\)/g, 'true');
    for (const other of this.#others) {
      for (const [, path = ''] of text.matchAll(new RegExp(`(?<![\\w.])${other.id}\\b((?:\\.\\??\\w+)*)`, 'g'))) {
        const read = this.#through(other, path.split(/\.\??/).slice(1), seen);
        if (read !== undefined) return read;
      }
    }
    const values = /\.\??\s*(data|stringData)\b|\[\s*\??\s*["'](data|stringData)["']/.exec(text);
    if (values === null) return undefined;
    const named = [...this.#ids.keys()].find((id) => new RegExp(`(?<![\\w.])${id}\\b`).test(text));
    const given = args.find((arg) => this.#isSecret(arg));
    const name = named ?? (given === undefined ? undefined : this.#name(given));
    return name === undefined ? undefined : `${name}.${values[1] ?? values[2]}`;
  }
}

/**
 * The root and the keys of a chain of member reads. `path` has the names of all keys, beginning at the root, with
 * `undefined` for a key that is not a literal. `keys` has the expressions of the keys in brackets.
 */
function memberPath(node: Node): {
  readonly root: Node;
  readonly path: readonly (string | undefined)[];
  readonly keys: readonly Node[];
} {
  const path: (string | undefined)[] = [];
  const keys: Node[] = [];
  let root = node;
  for (;;) {
    const [of, key] = root.args;
    if (of === undefined) break;
    if (root.kind === 'select' || root.kind === 'optselect') path.unshift(root.field);
    else if ((root.kind === 'index' || root.kind === 'optindex') && key !== undefined) {
      path.unshift(key.kind === 'lit' ? String(key.value) : undefined);
      keys.push(key);
    } else break;
    root = of;
  }
  return { root, path, keys };
}

/** The value of a manifest at a path; the whole object or list where a key is unknown. */
function writtenAt(manifest: unknown, path: readonly (string | undefined)[]): unknown {
  let value = manifest;
  for (const key of path) {
    value = resolveMerged(value);
    const isWritten = typeof value === 'object' && value !== null && symbolic(value) === undefined;
    const isOpen =
      isWritten && (Array.isArray(value) ? value.some(isOpenItem) : mergedPieces(value as object) !== undefined);
    if (!isWritten || isOpen || key === undefined) return value;
    value = Object.hasOwn(value as object, key) ? (value as Record<string, unknown>)[key] : undefined;
  }
  return value;
}

const KEEP_OUTSIDE =
  'make the Secret outside the graph and refer to it (externalRef), or protect the printed manifests like the Secret';

/** The warning that the manifests printed for a given spec contain the values of a Secret. */
export const printedSecret = (id: string): Diagnostic => ({
  code: 'trace/printed-secret',
  severity: 'warning',
  message: `the printed manifests contain the values of Secret ${id} in plain text`,
  hint: KEEP_OUTSIDE,
});

/**
 * Warns about Secrets whose values are constants in the source, because all output of the composition contains them.
 */
export function warnPrintedSecrets(records: readonly ResourceRecord[]): void {
  for (const record of records) {
    if (!isSecret(record) || record.node === 'ref') continue;
    const { data, stringData } = record.manifest;
    if (!holdsText(data) && !holdsText(stringData)) continue;
    const message = `the values of Secret ${record.id} are constants: the printed manifests contain them in plain text`;
    activeTrace().warn('printed-secret', message, KEEP_OUTSIDE, record.site);
  }
}

/** Do the values contain a constant string? */
function holdsText(raw: unknown): boolean {
  const value = resolveMerged(raw);
  if (typeof value === 'string') return value !== '' && !hasTokens(value);
  const inner = symbolic(value);
  if (inner instanceof Phi) return holdsText(inner.then) || holdsText(inner.otherwise);
  if (inner !== undefined || typeof value !== 'object' || value === null) return false;
  const pieces = mergedPieces(value) ?? [];
  return [...Object.values(value), ...pieces.map(({ keys }) => keys)].some(holdsText);
}
