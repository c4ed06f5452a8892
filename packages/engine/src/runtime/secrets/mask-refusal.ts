import { secretSpec } from './secret-spec.ts';
import { unversionedKey, liveNodesOf, canBeSecret, hidesInSecret } from './secret-nodes.ts';
import { secretLiveFields, secretFields, secretExpressions, expressionsIntoSecrets } from './secret-fields.ts';
import { type JsonValue, type KubeObject, isJsonObject, oncePerObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { type Graph, Nodes, Path } from '../../graph/index.ts';
import { INTERNAL_PREFIX } from '../../graph/names/naming.ts';
import { objectPathOf } from '../../graph/nodes.ts';
import { valueAtSteps } from '../../schema/index.ts';
import { expressionsOf, statusExpressions } from '../placed-expressions.ts';
import { maskedLiterals, SECRET_MASK } from './secret-failures.ts';

/**
 * The minimum length of a Secret's value that is masked everywhere in a message. A shorter value can occur in a message
 * by coincidence. Quoted strings are masked at any length.
 */
const MIN_VALUE_LENGTH = 4;

/**
 * Matches a string that Go quotes (`%q` and `` `x` ``). The first two alternatives match words after which a server
 * quotes its own configuration: allowed values, and names of webhooks, policies and field managers.
 */
const QUOTED =
  /supported values: "(?:\\.|[^"\\])*"(?:, "(?:\\.|[^"\\])*")*|\b(?:webhook|policy|PodSecurity|conflict with) "(?:\\.|[^"\\])*"|"(?:\\.|[^"\\])*"|`[^`]*`/gi;
/** Matches an unquoted value, such as a number, after the words with which a server introduces it. */
const PLAIN_VALUE = /\b((?:Invalid|Unsupported|Duplicate) value: |cannot unmarshal number |\{Value:)[^\s"`:,;{}]+/g;

/** Is the field of an object secret? Asked only for a field whose value has no members. */
type HidesField = (path: string, value: JsonValue) => boolean;

/**
 * Masks values of Secrets in the server's messages about refused objects. Messages are masked for a node that is a
 * Secret or has fields from Secrets, and for an unknown node. In such a message, all quoted strings are masked, except
 * the object's name, namespace, kind, label keys and public fields, and the server's own configuration. Unquoted values
 * after words such as `Invalid value` are masked too. Values of Secrets with at least `MIN_VALUE_LENGTH` characters are
 * masked everywhere in the message.
 *
 * @param hides returns true if a field of a node can contain values of Secrets
 * @returns a function that masks a message; its arguments are the node's id, the refused object if known, and the
 *   message
 */
export function refusalMask(
  graph: Graph,
  hides: (node: string, path: string, value?: JsonValue) => boolean,
): (node: string, desired: KubeObject | undefined, text: string) => string {
  return (id, desired, text) => {
    const node = graph.nodes.get(id);
    if (node === undefined) return maskedUnknownRefusal(desired, text);
    const isSecret = canBeSecret(
      node,
      () => desired === undefined || (desired.apiVersion === 'v1' && desired.kind === 'Secret'),
    );
    const words = wordsOf(graph);
    if (isSecret && desired === undefined) return masked(text, desired, new Set(), undefined, words);
    const hidden = node.template.holes.filter((hole) => hides(id, Nodes.pathOf(hole)));
    if (!isSecret && hidden.length === 0) return text;
    const values = isSecret && desired !== undefined ? secretValues(desired) : new Set<string>();
    for (const hole of hidden) collect(valueIn(desired, objectPathOf(hole)), values);
    // A public field of a Secret, such as a label, can have the value of another Secret.
    return masked(
      text,
      desired,
      values,
      (path, value) => (isSecret && hidesInSecret(path)) || hides(id, path, value),
      words,
    );
  };
}

/**
 * The words of a graph that a message quotes and that are no values: ids, paths, and expressions, whose literals are
 * masked.
 */
const wordsOf = oncePerObject((graph: Graph): ReadonlySet<string> => {
  const placed = [...graph.nodes.values()].flatMap((node) => expressionsOf(node));
  const texts = [
    ...[...graph.nodes.keys()].flatMap((id) => [id, ...id.split('/')]),
    ...[...placed, ...statusExpressions(graph)].flatMap(({ place, expression: { cel } }) => [
      place,
      maskedLiterals(cel),
    ]),
  ];
  return new Set(texts.map((text) => goQuote(text).slice(1, -1)));
});

/** Masks the values of a Secret in the server's message about its refusal. */
export function maskedSecretRefusal(secret: KubeObject, text: string): string {
  return masked(text, secret, secretValues(secret), hidesInSecret);
}

/** The values of a Secret: its data, and the annotations of other clients. */
function secretValues(secret: KubeObject): Set<string> {
  const values = new Set<string>();
  for (const path of [['data'], ['stringData']]) collect(valueIn(secret, path), values);
  for (const [key, value] of Object.entries(secret.metadata.annotations ?? {})) {
    // The controller's own annotations contain no secrets, because a template cannot set them.
    if (!key.startsWith(INTERNAL_PREFIX)) collect(value, values);
  }
  return values;
}

/** Masks the server's message about an object whose secret fields are not known. */
export function maskedUnknownRefusal(object: KubeObject | undefined, text: string): string {
  return masked(text, object, new Set());
}

/**
 * Masks the server's message about the refusal of an object with secret fields. If the object has no secret field, the
 * message stays unchanged.
 */
export function maskedObjectRefusal(object: KubeObject, hides: HidesField, text: string): string {
  const values = new Set<string>();
  for (const [path, value] of leavesOf(object)) if (hides(path, value)) collect(value, values);
  return values.size === 0 ? text : masked(text, object, values, hides);
}

/**
 * @param hides the secret fields. Default: all fields except the name, the namespace, the kind and the label keys
 * @param words quoted words that are no values
 */
function masked(
  text: string,
  object: KubeObject | undefined,
  values: ReadonlySet<string>,
  hides: HidesField = () => true,
  words: ReadonlySet<string> = new Set(),
): string {
  const { name = '', namespace = '', labels = {} } = object?.metadata ?? {};
  const names = new Set([name, namespace, object?.kind ?? '', ...Object.keys(labels)].filter((each) => each !== ''));
  const shown = new Set([...names, ...words]);
  for (const [path, value] of object === undefined ? [] : leavesOf(object)) {
    if (typeof value === 'string' && !values.has(value) && !hides(path, value)) shown.add(value);
  }
  let result = text.replaceAll(QUOTED, (quoted) => {
    const [mark = ''] = quoted;
    const isOwnWord = mark !== '"' && mark !== '`';
    return isOwnWord || shown.has(quoted.slice(1, -1)) ? quoted : `${mark}${SECRET_MASK}${mark}`;
  });
  result = result.replaceAll(PLAIN_VALUE, (_all, before: string) => `${before}${SECRET_MASK}`);
  const found = [...values].filter((value) => value.length >= MIN_VALUE_LENGTH && !names.has(value));
  if (found.length === 0) return result;
  // A name, such as the object's name, stays whole even if a part of it equals a secret value.
  const parts = [...found, ...names].sort((a, b) => b.length - a.length).map(escapePattern);
  result = result.replaceAll(new RegExp(parts.join('|'), 'g'), (part) => (names.has(part) ? part : SECRET_MASK));
  return result;
}

const escapePattern = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** The leaves of a value, with their paths. */
function* leavesOf(value: JsonValue, path = ''): Iterable<readonly [path: string, value: JsonValue]> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* leavesOf(item, Path.append(path, index));
  } else if (isJsonObject(value)) {
    for (const [key, member] of Object.entries(value)) {
      if (member !== undefined) yield* leavesOf(member, Path.append(path, key));
    }
  } else yield [path, value];
}

/**
 * Collects all strings and numbers in a value, the decoded form of base64 strings, and the base64 form of all strings:
 * the server stores `stringData` as base64, so a webhook can name a value in either form.
 */
function collect(value: JsonValue | undefined, values: Set<string>): void {
  if (typeof value === 'string') {
    values.add(value);
    values.add(Buffer.from(value, 'utf8').toString('base64'));
    const decoded = Buffer.from(value, 'base64');
    if (decoded.toString('base64') === value) values.add(decoded.toString('utf8'));
  } else if (typeof value === 'number' || typeof value === 'bigint') values.add(String(value));
  else if (Array.isArray(value)) for (const item of value) collect(item, values);
  else if (isJsonObject(value)) for (const member of Object.values(value)) collect(member, values);
}

const valueIn = (object: KubeObject | undefined, path: readonly (string | number)[]): JsonValue | undefined =>
  object === undefined ? undefined : valueAtSteps(object, path);

/** Which values of a graph are secret, and their masks. */
export const Secrets = {
  MASK: SECRET_MASK,
  fieldsOf: secretFields,
  liveFieldsOf: secretLiveFields,
  expressionsOf: secretExpressions,
  expressionsInto: expressionsIntoSecrets,
  specOf: secretSpec,
  maskOf: refusalMask,
  maskRefusal: maskedSecretRefusal,
  maskObject: maskedObjectRefusal,
  liveNodes: liveNodesOf,
  isPossible: canBeSecret,
  hides: hidesInSecret,
  keyOf: unversionedKey,
};
