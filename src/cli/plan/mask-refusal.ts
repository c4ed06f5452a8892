import type { JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { objectPathOf, objectPathText } from '../../graph/index.ts';
import { valueAtSteps } from '../../schema/index.ts';
import { SECRET_MASK } from '../../inspect/index.ts';
import { canBeSecret } from '../instance/secret-fields.ts';

/**
 * The minimum length of a value that is searched for in a message. A shorter value can occur there by coincidence.
 * Quoted texts are masked at any length.
 */
const MIN_VALUE_LENGTH = 4;

/** Matches a text that Go quotes (`%q` and `` `x` ``). */
const QUOTED = /"(?:\\.|[^"\\])*"|`[^`]*`/g;
/** Matches an unquoted value, such as a number, after `Invalid value`, `Unsupported value` or `Duplicate value`. */
const PLAIN_VALUE = /\b((?:Invalid|Unsupported|Duplicate) value: )[^\s"`:,;]+/g;

/**
 * Masks values of Secrets in the server's messages about refused objects. Messages are masked for a node that is a
 * Secret or has fields from Secrets. All quoted texts are masked, except the name, the namespace, the kind and the
 * label keys of the object. An unquoted value after `Invalid value` is masked, too. Values of Secrets with at least
 * `MIN_VALUE_LENGTH` characters are masked everywhere in the text.
 *
 * @param hides returns true when a field of a node can contain values of Secrets
 * @returns a function of the id of the node, the refused object if it is known, and the text
 */
export function refusalMask(
  graph: Graph,
  hides: (node: string, path: string) => boolean,
): (node: string, desired: KubeObject | undefined, text: string) => string {
  return (id, desired, text) => {
    const node = graph.nodes.get(id);
    if (node === undefined) return text;
    const isSecret = canBeSecret(
      node,
      () => desired === undefined || (desired.apiVersion === 'v1' && desired.kind === 'Secret'),
    );
    const hidden = node.template.holes.filter((hole) => hides(id, objectPathText(hole)));
    if (!isSecret && hidden.length === 0) return text;
    const values = new Set<string>();
    for (const hole of hidden) collect(valueIn(desired, objectPathOf(hole)), values);
    if (isSecret) collectSecret(desired, values);
    return masked(text, desired, values);
  };
}

/** Masks the values of a Secret in the server's message about its refusal. */
export function maskedSecretRefusal(secret: KubeObject, text: string): string {
  const values = new Set<string>();
  collectSecret(secret, values);
  return masked(text, secret, values);
}

function masked(text: string, object: KubeObject | undefined, values: ReadonlySet<string>): string {
  const { name = '', namespace = '', labels = {} } = object?.metadata ?? {};
  const shown = new Set([name, namespace, object?.kind ?? '', ...Object.keys(labels)].filter((each) => each !== ''));
  let result = text.replaceAll(QUOTED, (quoted) =>
    shown.has(quoted.slice(1, -1)) ? quoted : `${quoted.charAt(0)}${SECRET_MASK}${quoted.charAt(0)}`,
  );
  result = result.replaceAll(PLAIN_VALUE, (_all, before: string) => `${before}${SECRET_MASK}`);
  for (const value of [...values].sort((a, b) => b.length - a.length)) {
    if (value.length >= MIN_VALUE_LENGTH && !shown.has(value)) result = result.replaceAll(value, SECRET_MASK);
  }
  return result;
}

/** Collects the values of a Secret, and its annotations, because some contain a copy of the values. */
function collectSecret(secret: KubeObject | undefined, values: Set<string>): void {
  for (const path of [['data'], ['stringData'], ['metadata', 'annotations']]) collect(valueIn(secret, path), values);
}

/** Collects all texts and numbers in a value, and the decoded form of base64 texts. */
function collect(value: JsonValue | undefined, values: Set<string>): void {
  if (typeof value === 'string') {
    values.add(value);
    const decoded = Buffer.from(value, 'base64');
    if (decoded.toString('base64') === value) values.add(decoded.toString('utf8'));
  } else if (typeof value === 'number' || typeof value === 'bigint') values.add(String(value));
  else if (Array.isArray(value)) for (const item of value) collect(item, values);
  else if (isJsonObject(value)) for (const member of Object.values(value)) collect(member, values);
}

const valueIn = (object: KubeObject | undefined, path: readonly (string | number)[]): JsonValue | undefined =>
  object === undefined ? undefined : valueAtSteps(object as unknown as JsonValue, path);
