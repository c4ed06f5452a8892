import type { ObjectRef } from '@typekro/kit/core';
import type { Graph } from '../../graph/index.ts';
import { type ForeignItem, removalCommand } from '../objects/foreign-items.ts';
import type { ApiFailure } from '../report.ts';
import { secretLiveFields } from '../secrets/secret-fields.ts';
import { isWithin } from '../secrets/secret-flow.ts';
import { liveNodesOf } from '../secrets/secret-nodes.ts';

/**
 * The object of a refused write. All fields are optional, because a controller's message need not name the kind and the
 * name.
 */
export type RefusedObject = Partial<ObjectRef>;

/** Matches the messages of servers about a field that is immutable on an existing object. */
const IMMUTABLE = /\bis immutable\b|may not change once set|updates to .* are forbidden/;

/** Maps patterns of the server's messages to remedies for the refused write. */
const REFUSALS: readonly (readonly [
  pattern: RegExp,
  remedy: (object: RefusedObject, found: RegExpExecArray) => string,
])[] = [
  [
    /^namespaces "([^"]*)" not found/,
    (_object, [, name = '']) =>
      `create the namespace (kubectl create namespace ${name}), or make it a resource of the graph`,
  ],
  [
    /(?:User "([^"]*)" )?cannot \S+ resource "/,
    (_object, [, user = 'the acting identity']) =>
      `give ${user} the missing right: typekro rbac prints all rules that a definition or a Graph needs`,
  ],
  [
    /failed quota: \S+ must specify/,
    () => 'set the requests and limits that the message names, or give the namespace defaults with a LimitRange',
  ],
  [
    /insufficient quota to (?:consume|match)/,
    ({ namespace = 'default' }) =>
      `have a quota created that covers the object: kubectl describe resourcequota -n ${namespace} shows the present ones`,
  ],
  [
    /exceeded quota/,
    ({ namespace = 'default' }) =>
      `request at most what the quota still allows, or have the quota raised: kubectl describe resourcequota -n ${namespace}`,
  ],
  [
    /(?:maximum|minimum) \S+ usage per |limit to request ratio/,
    ({ namespace = 'default' }) =>
      `stay within the limits of the namespace, or have the limits changed: kubectl describe limitrange -n ${namespace}`,
  ],
  [
    /quantities must match|unable to parse (?:quantity|numeric part)/,
    () => 'write quantities such as 500m, 2, 128Mi or 1Gi in resources, volumes and quotas',
  ],
  [
    /violates PodSecurity/,
    ({ namespace = 'default' }) =>
      `set the fields that the message names in the securityContext of the pod and its containers, ` +
      `or use a namespace with a less strict level of Pod Security: kubectl get namespace ${namespace} --show-labels shows the level`,
  ],
  [
    /failed calling webhook "([^"]*)"/,
    (_object, [, name = '']) =>
      `make the webhook ${name} answer, or delete its configuration: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations lists them`,
  ],
  [
    /admission webhook "[^"]*" denied|ValidatingAdmissionPolicy/,
    () =>
      'a policy of the cluster refuses the object or its deletion: correct what the message names, or ask the owner of the policy',
  ],
  [
    /conflicts? with "([^"]*)"/,
    (_object, { input }) =>
      `leave the fields out of the patch, or let ${Array.from(input.matchAll(/conflicts? with "([^"]*)"/g), ([, name = '']) => name).join(', ')} stop writing them`,
  ],
  [
    /field can not be less than/,
    () => 'take at least the present value: the field can only grow; for a smaller one, make an object of another name',
  ],
  [
    IMMUTABLE,
    (object) =>
      `the field cannot change on an object that exists: take the old value, or delete the object${deletion(object)}`,
  ],
];

/** The remedy for a refused write whose message matches no pattern. */
export const CORRECT_REFUSED =
  'correct what the message names, in the definition or in the instance; the write is tried again';

/**
 * The remedy for a write that the API server refused: the command that removes the foreign items, or the remedy for the
 * message; `undefined` for an unknown message.
 */
export function refusalRemedy(
  message: string,
  object: RefusedObject,
  foreign: readonly ForeignItem[] = [],
): string | undefined {
  if (foreign.length > 0) return removalCommand(object, foreign);
  for (const [pattern, remedy] of REFUSALS) {
    const found = pattern.exec(message);
    if (found !== null) return remedy(object, found);
  }
  return undefined;
}

/** Does the server refuse the write because of an immutable field, and not by a quota or a policy? */
export function isImmutableMessage(message: string): boolean {
  return REFUSALS.find(([pattern]) => pattern.test(message))?.[0] === IMMUTABLE;
}

/**
 * The foreign items that can be the cause of a refused apply: the server names a duplicate in their list, their list,
 * or a field that contains their list. Items with a key that can contain values of Secrets are left out.
 */
export function refusedItems(
  graph: Graph | undefined,
  nodeId: string,
  object: ObjectRef,
  { fields = [], message }: ApiFailure,
  items: readonly ForeignItem[] = [],
): readonly ForeignItem[] {
  if (items.length === 0 || fields.length === 0 || isImmutableMessage(message)) return [];
  const hides = secretLiveFields(graph, liveNodesOf([[nodeId, object]]));
  const isDuplicate = message.includes('Duplicate value');
  return items.filter(({ path, key }) => {
    if (Object.keys(key).some((name) => hides(nodeId, `${path}.${name}`))) return false;
    const list = path.replace(/\[\d+\]$/, '');
    return fields.some((field) => isWithin(field, list) || (isDuplicate && isWithin(list, field)));
  });
}

function deletion({ kind, name, namespace }: RefusedObject): string {
  if (kind === undefined || name === undefined) return '';
  return ` (kubectl delete ${kind.toLowerCase()} ${name}${namespace === undefined ? '' : ` -n ${namespace}`})`;
}

/** What a user can do about a refused object. */
export const RefusedObject = {
  CORRECT: CORRECT_REFUSED,
  isImmutable: isImmutableMessage,
  remedy: refusalRemedy,
  items: refusedItems,
};
