import type { JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { MASK } from './value-lines.ts';

/** Shorter values stand in messages by chance; where a message quotes them they are masked all the same. */
const MIN_VALUE_LENGTH = 4;

/** Quoted texts of Go (`%q` and `` `x` ``), and numbers, booleans and other plain words that are called a value. */
const QUOTED = /"(?:\\.|[^"\\])*"|`[^`]*`/g;
const PLAIN_VALUE = /\b((?:Invalid|Unsupported|Duplicate) value: )[^\s"`:,;]+/g;

/**
 * Masks what a server says when it refuses an object of a node that holds values of Secrets, or computes fields from
 * them: all quoted texts but the names of the object, and the values wherever they stand.
 *
 * @param hides may a field of a node hold values of Secrets?
 * @returns takes the id of the node, the refused object as far as it is known, and the text
 */
export function refusalMask(
  graph: Graph,
  hides: (node: string, path: string) => boolean,
): (node: string, desired: KubeObject | undefined, text: string) => string {
  return (id, desired, text) => {
    const node = graph.nodes.get(id);
    if (node === undefined) return text;
    const isSecret = node.type.group === '' && node.type.kind === 'Secret';
    const hidden = node.template.holes.filter(({ pathText }) => hides(id, pathText));
    if (!isSecret && hidden.length === 0) return text;
    const values = new Set<string>();
    for (const { path } of hidden) collect(valueBehind(desired, path), values);
    if (isSecret) collectSecret(desired, values);
    return masked(text, desired, values);
  };
}

/** What a server says when it refuses a Secret of a file, without its values. */
export function maskedSecretRefusal(secret: KubeObject, text: string): string {
  const values = new Set<string>();
  collectSecret(secret, values);
  return masked(text, secret, values);
}

function masked(text: string, object: KubeObject | undefined, values: ReadonlySet<string>): string {
  const { name = '', namespace = '', labels = {} } = object?.metadata ?? {};
  const shown = new Set([name, namespace, object?.kind ?? '', ...Object.keys(labels)].filter((each) => each !== ''));
  let result = text.replaceAll(QUOTED, (quoted) =>
    shown.has(quoted.slice(1, -1)) ? quoted : `${quoted.charAt(0)}${MASK}${quoted.charAt(0)}`,
  );
  result = result.replaceAll(PLAIN_VALUE, (_all, before: string) => `${before}${MASK}`);
  for (const value of [...values].sort((a, b) => b.length - a.length)) {
    if (value.length >= MIN_VALUE_LENGTH && !shown.has(value)) result = result.replaceAll(value, MASK);
  }
  return result;
}

/** The values of a Secret, and its annotations, which hold copies of them. */
function collectSecret(secret: KubeObject | undefined, values: Set<string>): void {
  for (const path of [['data'], ['stringData'], ['metadata', 'annotations']])
    collect(valueBehind(secret, path), values);
}

/** All texts and numbers inside of a value; of base64 also what it stands for. */
function collect(value: JsonValue | undefined, values: Set<string>): void {
  if (typeof value === 'string') {
    values.add(value);
    const decoded = Buffer.from(value, 'base64');
    if (decoded.toString('base64') === value) values.add(decoded.toString('utf8'));
  } else if (typeof value === 'number' || typeof value === 'bigint') values.add(String(value));
  else if (Array.isArray(value)) for (const item of value) collect(item, values);
  else if (isJsonObject(value)) for (const member of Object.values(value)) collect(member, values);
}

function valueBehind(object: KubeObject | undefined, path: readonly (string | number)[]): JsonValue | undefined {
  let value = object as unknown as JsonValue | undefined;
  for (const step of path) {
    if (Array.isArray(value)) value = value[Number(step)];
    else value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}
