import { passes } from '@typekro/kit/kubernetes';
import type { Decision, NodeReport, Reports } from '@typekro/engine/runtime';
import { Explanation, Failure, RefusedObject } from '@typekro/engine/runtime';
import { ResourceGraphFactoryError } from './errors.ts';

/**
 * The nodes with a failure that a retry cannot resolve, such as a refused object, another owner, or a failed
 * expression. Failures such as overload and conflicts are not included, because the deploy retries them.
 */
export function finalFailures(decision: Decision): NodeReport[] {
  return decision.nodes.filter((node) => node.state === 'failed' && !isPassingFailure(node.because));
}

function isPassingFailure(because: Reports.Because): boolean {
  return (
    (because.kind === 'write-failed' || because.kind === 'read-failed') && passes(Failure.classOf(because.failure))
  );
}

/** The remedy for a missing namespace. */
const NAMESPACE_REMEDY =
  'create the namespace first, or make it a resource of the composition; deploy() creates the namespace of the factory unless createNamespace is false';

/** The error of a deploy into a namespace that does not exist. */
export function missingNamespace(what: string, namespace: string, cause: unknown): Error {
  return new ResourceGraphFactoryError(`deploying ${what}: there is no namespace "${namespace}"`, {
    code: 'deploy/no-namespace',
    remedy: NAMESPACE_REMEDY,
    cause,
  });
}

/** Finds the remedy for a refused write from the server's message; `undefined` when no remedy is known. */
function remedyOfWrite(message: string, object: Parameters<typeof RefusedObject.remedy>[1]): string | undefined {
  if (/^namespaces "[^"]*" not found/.test(message)) return NAMESPACE_REMEDY;
  if (/because it is being terminated/.test(message))
    return 'wait until the namespace is gone, or use another one; then deploy again';
  const remedy = RefusedObject.remedy(message, object);
  return remedy === undefined ? undefined : `${remedy}; then deploy again`;
}

/** Matches the server's message about a webhook that it could not call. */
const UNCALLED = /failed calling webhook "([^"]*)"/;

/** Patterns for the event messages of failing pods, each with its remedy. */
const POD_TROUBLES: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [
    /\b(?:ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull)\b/,
    'an image cannot be pulled: correct its name and tag, or give imagePullSecrets for its registry, and deploy again',
  ],
  [
    /\bCreateContainerConfigError\b/,
    'a container names a ConfigMap, a Secret or a key that does not exist: create it, or correct the name',
  ],
  [/\bOOMKilled\b/, 'a container needs more memory than its limit: raise resources.limits.memory'],
  [
    /\b(?:CrashLoopBackOff|RunContainerError|BackOff)\b/,
    'a container exits as soon as it starts: read its logs, then correct its command, its settings or the program',
  ],
  [
    /\b(?:FailedScheduling|Unschedulable)\b/,
    'no node can run a pod: lower its requests, or correct nodeSelector, affinity and tolerations',
  ],
];

/**
 * Finds the remedy for a message that the server or a controller repeats until the time limit. `undefined` for other
 * messages.
 */
export function remedyOfWaiting(message: string): string | undefined {
  const [, webhook] = UNCALLED.exec(message) ?? [];
  if (webhook === undefined) return POD_TROUBLES.find(([pattern]) => pattern.test(message))?.[1];
  return (
    `the webhook ${webhook} must respond before anything can be written: check that its server runs; find it with ` +
    'kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations'
  );
}

/** Parses the object from a server's message about an invalid object. */
function objectIn(message: string): Parameters<typeof RefusedObject.remedy>[1] {
  const [, kind, name] = /(\w+)[\w.-]* "([^"]+)" is invalid/.exec(message) ?? [];
  return kind === undefined || name === undefined ? {} : { kind, name };
}

/**
 * The remedy for a controller's write that the server will always refuse. `undefined` for messages that do not report
 * such a refusal.
 */
export function remedyOfRefusal(message: string, namespace: string): string | undefined {
  // A webhook that does not answer may answer the next try.
  if (message.includes('failed calling webhook')) return undefined;
  const remedy = remedyOfWrite(message, { ...objectIn(message), namespace });
  if (remedy !== undefined) return remedy;
  if (/ cannot \S+ resource /.test(message))
    return 'give the account in the message a role with that verb and resource';
  if (/belongs to a different ApplySet/.test(message))
    return 'give the resource another name, or delete the existing object if its owner is gone';
  return / is invalid: /.test(message) ? 'correct the composition or the spec and deploy again' : undefined;
}

/** The remedy for a failed node. */
export function remedyOfNode(node: NodeReport): string {
  const { because } = node;
  if (because.kind === 'other-owner') {
    return `give the resource another name; or, if the ${because.owner === undefined ? 'existing object is not needed' : 'owner of the existing object is gone'}, delete the existing object and deploy again`;
  }
  if (because.kind === 'write-failed') {
    const { failure, object } = because;
    if (failure.code === 401) return 'log in again: the credentials are wrong or have expired; then deploy again';
    const remedy = remedyOfWrite(failure.message, object);
    if (remedy !== undefined) return remedy;
  }
  return (
    Explanation.of(node).remedy ??
    'correct the composition or the spec and deploy again; the created objects stay, and the next deploy updates them'
  );
}
