import type { Diagnostic } from '../../core/index.ts';
import type { Node } from '../ir/node.ts';
import type { StaticType } from '../ir/types.ts';
import type { ResourceRecord } from '../trace/records.ts';
import { refuse } from '../trace/refusal.ts';
import { activeTrace } from '../trace/trace.ts';
import { resolve } from '../value/merge.ts';
import { mergedPieces } from '../value/nodes.ts';
import { isPlainObject } from '../value/printed.ts';
import { hasTokens, symbolic } from '../value/proxy.ts';
import { Phi } from '../value/symbolic.ts';
import type { StatusPlaces } from './declared-status.ts';
import { noteRefusal } from './declared-status.ts';
import { visitNodes } from './specialise.ts';

const VALUES: ReadonlySet<unknown> = new Set(['data', 'stringData']);

/** Is the resource a Secret? */
const isSecret = ({ apiVersion, kind }: ResourceRecord): boolean => apiVersion === 'v1' && kind === 'Secret';

/** Refuses a status that holds values of a Secret: whoever may read the instance would read them. */
export function refuseSecretStatus(status: unknown, records: readonly ResourceRecord[], places: StatusPlaces): void {
  const secrets = records.filter(isSecret);
  if (secrets.length === 0) return;
  const finder = new SecretFinder(secrets);
  const check = (raw: unknown, path: readonly string[]): void => {
    const value = resolve(raw);
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
          `${field} reads ${found}; everyone who may read the instance would read the Secret`,
          'return the name of the Secret (metadata.name), and let the reader fetch it',
        ),
      places.field(path) ?? places.whole,
    );
  };
  check(status, []);
}

/** Finds what an expression reads of the values of Secrets. */
class SecretFinder {
  readonly #types: ReadonlySet<StaticType>;
  readonly #ids: ReadonlyMap<string, ResourceRecord>;
  readonly #variables: ReadonlySet<unknown>;

  constructor(secrets: readonly ResourceRecord[]) {
    this.#types = new Set(secrets.map(({ type }) => type));
    this.#ids = new Map(secrets.map((record) => [record.id, record]));
    this.#variables = new Set(secrets.flatMap(({ variable, element }) => [variable, element]));
  }

  /** What a value reads of a Secret, as a path; `undefined` for nothing. Whether a key is there is no value. */
  find(value: unknown): string | undefined {
    const seen = new Set<Node>();
    let found: string | undefined;
    visitNodes(value, (node) => (found ??= this.#search(node, seen)));
    return found;
  }

  #search(node: Node, seen: Set<Node>): string | undefined {
    if (seen.has(node)) return undefined;
    seen.add(node);
    const [first, second] = node.args;
    if (node.op === 'raw') {
      const read = this.#byHand(node);
      if (read !== undefined) return read;
    }
    if ((node.op === 'select' || node.op === 'optselect') && VALUES.has(node.attr) && this.#isSecret(first))
      return `${this.#name(first)}.${String(node.attr)}`;
    if ((node.op === 'call' || node.op === 'method') && node.args.some((arg) => this.#isSecret(arg)))
      return `${this.#name(node.args.find((arg) => this.#isSecret(arg)))} as a whole`;
    const isQuestion = (arg: Node) =>
      (node.op === 'has' && arg === first && this.#isValues(arg)) ||
      (node.op === 'in' && arg === second && this.#isValues(arg));
    for (const arg of node.args) {
      const read = isQuestion(arg) ? undefined : this.#search(arg, seen);
      if (read !== undefined) return read;
    }
    return undefined;
  }

  #isValues(node: Node): boolean {
    return (node.op === 'select' || node.op === 'optselect') && VALUES.has(node.attr) && this.#isSecret(node.args[0]);
  }

  #isSecret(node: Node | undefined): boolean {
    if (node === undefined) return false;
    return (
      this.#types.has(node.type) || (node.op === 'var' && this.#variables.has(node.attr) && node.type.kind !== 'list')
    );
  }

  #name(node: Node | undefined): string {
    const records = [...this.#ids.values()];
    return (records.find(({ variable }) => node?.op === 'var' && node.attr === variable) ?? records[0])?.id ?? 'Secret';
  }

  /** CEL by hand is text: it names a Secret, or is given one, and reads a field of that name. */
  #byHand({ attr, args }: Node): string | undefined {
    const text = (attr as readonly string[]).join(' ').replaceAll(/\bhas\([^()]*\)/g, 'true');
    const values = /\.\??\s*(data|stringData)\b|\[\s*\??\s*["'](data|stringData)["']/.exec(text);
    if (values === null) return undefined;
    const named = [...this.#ids.keys()].find((id) => new RegExp(`(?<![\\w.])${id}\\b`).test(text));
    const given = args.find((arg) => this.#isSecret(arg));
    const name = named ?? (given === undefined ? undefined : this.#name(given));
    return name === undefined ? undefined : `${name}.${values[1] ?? values[2]}`;
  }
}

const KEEP_OUTSIDE =
  'make the Secret outside the graph and refer to it (externalRef), or keep what is printed as you keep the Secret';

/** What is said of a Secret whose values were printed for a spec. */
export const printedSecret = (id: string): Diagnostic => ({
  code: 'trace/printed-secret',
  severity: 'warning',
  message: `the printed manifests hold the values of Secret ${id} for everyone to read`,
  hint: KEEP_OUTSIDE,
});

/** Warns about Secrets with values that stand in the source: everything printed from the composition holds them. */
export function warnPrintedSecrets(records: readonly ResourceRecord[]): void {
  for (const record of records) {
    if (!isSecret(record) || record.options.external === true) continue;
    const { data, stringData } = record.manifest;
    if (!holdsText(data) && !holdsText(stringData)) continue;
    const message = `the values of Secret ${record.id} are constants: what is printed holds them for everyone to read`;
    activeTrace().warn('printed-secret', message, KEEP_OUTSIDE, record.site);
  }
}

/** Is a text of the source among the values? */
function holdsText(raw: unknown): boolean {
  const value = resolve(raw);
  if (typeof value === 'string') return value !== '' && !hasTokens(value);
  const inner = symbolic(value);
  if (inner instanceof Phi) return holdsText(inner.then) || holdsText(inner.otherwise);
  if (inner !== undefined || typeof value !== 'object' || value === null) return false;
  const pieces = mergedPieces(value) ?? [];
  return [...Object.values(value), ...pieces.map(({ keys }) => keys)].some(holdsText);
}
