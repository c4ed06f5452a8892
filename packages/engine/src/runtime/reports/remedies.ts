import { type ObjectRef, formatRef, namespacedName, stringifyJson } from '@typekro/kit/core';
import { CORRECT_REFUSED, refusalRemedy } from './refusal-remedies.ts';
import type { Because } from '../report.ts';

/** The action with which a user can resolve a cause. */
export interface Remedy {
  readonly text: string;
  /**
   * `now`: the node does not continue until a user acts. `if it lasts`: the node usually needs only time or an action
   * of another client. A user acts if that takes too long.
   */
  readonly when: 'now' | 'if it lasts';
}

type Kind = Because['kind'];
type Of<Each extends Kind> = Extract<Because, { kind: Each }>;

/** Kinds of reasons of nodes that do not wait. */
type DoneKind = 'ready' | 'no-items' | 'excluded' | 'dependency-skipped';

const now = (text: string): Remedy => ({ text, when: 'now' });
const later = (text: string): Remedy => ({ text, when: 'if it lasts' });

export const SEE_CONTROLLER =
  'make sure that the controller runs and may write this kind; its log and events name the requests that were refused';

/** The remedy for each reason for which a node can wait. A new kind of reason without a remedy is a compile error. */
const REMEDIES: { readonly [Each in Exclude<Kind, DoneKind>]: (because: Of<Each>) => Remedy } = {
  suspended: () => now('resume the instance (typekro resume), or remove its annotation kro.run/reconcile'),
  unjudged: () => later('see why the graph is not known: typekro why'),
  dependency: ({ nodes }) => later(`look at what ${nodes.map(({ id }) => id).join(', ')} waits for`),
  'missing-data': missingData,
  unread: () => later('make sure that the kind is served (kubectl api-resources) and that the API server responds'),
  'read-failed': ({ failure }) =>
    failure.permission === undefined
      ? later('make sure that the API server responds, and that the webhook that converts this kind runs')
      : now(refusalRemedy(failure.message, {}) ?? CORRECT_REFUSED),
  write: () => later(SEE_CONTROLLER),
  'items-missing': () => later(SEE_CONTROLLER),
  'not-ready': notReady,
  'not-ready-by-kind': ({ object }) =>
    later(`see why the controller of ${object.kind} does not finish: its log, and the events of ${object.name}`),
  'external-missing': () => now('create it, or pass the file that contains it, or correct the name in the reference'),
  contested: ({ objects }) =>
    objects.some(({ isOwn }) => isOwn === true)
      ? now('correct the expression whose value changes with each write, or leave its field out of the template')
      : now('leave the field out of the template, or stop the other manager'),
  held: ({ nodes, awaited, missing }) => {
    if (awaited !== undefined) return later(`see why ${formatRef(awaited.object)} is ${awaited.is}`);
    // A condition does not wait for a node that is already ready or skipped.
    const open = nodes.filter(({ state }) => state !== 'ready' && state !== 'skipped').map(({ id }) => id);
    if (open.length > 0) return later(`look at what ${open.join(', ')} waits for`);
    const text = 'make the condition of propagateWhen true, or remove it from the definition';
    const isLeftOut = missing !== undefined && nodes.some(({ state }) => state === 'skipped');
    return isLeftOut ? now(text) : later(text);
  },
  'being-deleted': ({ objects }) => {
    const finalizers = [...new Set(objects.flatMap((entry) => entry.finalizers))];
    return finalizers.length === 0
      ? later('see whether the API server and its garbage collector run: nothing else keeps the object')
      : now(`find out which controller must remove ${finalizers.join(', ')}, and why it does not`);
  },
  'expression-failed': ({ message }) => now(failedExpression(message)),
  'write-failed': ({ failure, object, foreign }) => {
    const known = refusalRemedy(failure.message, object, foreign);
    return known === undefined ? later(CORRECT_REFUSED) : now(known);
  },
  'other-owner': ({ instance }) =>
    now(
      instance === undefined
        ? 'choose another name, delete the object, or set an adoption policy that takes over the object'
        : `give the object another name (in a definition: one with \${schema.metadata.name}), or delete ${instance}`,
    ),
  'graph-owner': ({ object, managers }) =>
    now(`choose another name, or remove ${object.name} from ${managers.join(', ')}: the first Graph keeps the object`),
  'field-conflict': ({ managers }) =>
    now(`leave the fields out of the patch, or let ${managers.join(', ')} stop writing them`),
  'target-missing': () => later('create the object, or correct its name in the patch'),
  'unknown-type': () => later('create the CRD of the type, or correct apiVersion and kind'),
  'duplicate-target': () => now('give the objects different names'),
  'identity-collision': () => now('give the objects different names'),
  'collection-too-large': () => now('make the list shorter, or raise the limit'),
  'invalid-object': ({ path }) =>
    later(`correct ${path ?? 'the template'} in the definition, or the data of the instance that it reads`),
  'outside-namespace': () =>
    now('set typekro.dev/namespaces: any on the definition, if its instances may use objects outside their namespace'),
  retired: ({ heldBy }) =>
    later(
      heldBy === undefined
        ? SEE_CONTROLLER
        : `look at what ${heldBy.join(', ')} waits for: until then, the objects are kept`,
    ),
};

/** The remedy for a reason; undefined for the reasons of nodes that do not wait. */
export function remedyOf(because: Because): Remedy | undefined {
  switch (because.kind) {
    case 'ready':
    case 'no-items':
    case 'excluded':
    case 'dependency-skipped':
      return undefined;
    default:
      return (REMEDIES[because.kind] as (each: Because) => Remedy)(because);
  }
}

function missingData(because: Of<'missing-data'>): Remedy {
  const { nodes, path } = because;
  if (nodes.length === 0) return now(missingValue(because));
  const data = path === undefined ? 'the data that the expression reads' : `"${path}"`;
  return later(`see why ${nodes.join(', ')} does not have ${data}, or ${readWithDefault(because)}`);
}

/** The remedy for a value that the instance does not set. */
function missingValue(because: Of<'missing-data'>): string {
  const { path, expression } = because;
  const index = path === undefined ? /^(.*)\[(\d+)\]$/s.exec(expression) : null;
  if (index !== null)
    return `give the list more items, or test for them first: size(${index[1]}) > ${index[2]} ? … : …`;
  // The schema of a definition has defaults for fields of spec only.
  const isMetadata = /\bschema\.metadata\b/.test(expression) && !/\bschema\.spec\b/.test(expression);
  const byDefault = isMetadata ? '' : ' give it a default in the schema,';
  return `set "${path ?? expression}" in the instance,${byDefault} or ${readWithDefault(because)}`;
}

/** The ways in which an expression can handle a value that may be absent. */
export function readWithDefault({ path, expression }: Of<'missing-data'>): string {
  const name = path ?? /(?:^|\.)(\w+)$/.exec(expression)?.[1];
  const read = name === undefined ? '[?…]' : /^[A-Za-z_]\w*$/.test(name) ? `.?${name}` : `[?${stringifyJson(name)}]`;
  return `read it with a default: ${read}.orValue(…) in CEL, ?? in TypeScript`;
}

function notReady({ missing, object, expression }: Of<'not-ready'>): Remedy {
  if (missing !== undefined)
    return later(`see what writes "${missing}", and correct readyWhen (${expression}) if nothing does`);
  if (object?.apiVersion.startsWith('kro.run/') === true)
    return now(`see what it waits for: typekro why ${object.kind.toLowerCase()}/${namespacedName(object)}`);
  const whatToRead =
    object === undefined
      ? 'the object'
      : `it with kubectl get ${object.kind.toLowerCase()} ${object.name}${namespaceFlag(object)} -o yaml`;
  return now(`look at ${whatToRead}, and correct readyWhen if its condition can never be true`);
}

const namespaceFlag = ({ namespace }: ObjectRef): string => (namespace === undefined ? '' : ` -n ${namespace}`);

/** The optional spec field that an expression reads and the instance does not set, for a remedy with has(). */
function unsetSpecField(message: string): string | undefined {
  const key = /no such key: ([A-Za-z_]\w*)\s*$/.exec(message)?.[1];
  return key === undefined
    ? undefined
    : new RegExp(`(?<![\\w.])schema\\.spec(?:\\.\\w+)*?\\.${key}(?!\\w)`).exec(message)?.[0];
}

/** The remedy for an expression whose evaluation fails, chosen by CEL's message. */
function failedExpression(message: string): string {
  if (/division by zero|modulus by zero/.test(message)) return 'test the divisor first: x == 0 ? 0 : 10 / x';
  if (/index out of bounds/.test(message)) return 'test the length first: size(list) > 1 ? list[1] : …';
  const unset = unsetSpecField(message);
  if (unset !== undefined)
    return `set ${unset.replace('schema.', '')} in the instance, or test it first: has(${unset}) && …, has(${unset}) ? … : …`;
  if (/no such key/.test(message)) return 'read the key with a default: map[?key].orValue(…), or test it: key in map';
  return 'correct the expression, or the value in the instance with which it fails';
}
