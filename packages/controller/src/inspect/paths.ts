import type { ObjectRef } from '@typekro/kit/core';

/**
 * The address of an instance or of an object in this interface: `apiVersion/Kind/namespace/name`, with `-` in place of
 * an absent namespace.
 */
export function instanceRef(instance: { apiVersion: string; kind: string; namespace?: string; name: string }): string {
  return `${instance.apiVersion}/${instance.kind}/${instance.namespace ?? '-'}/${instance.name}`;
}

/** Parses an address of `instanceRef`; `undefined` when the string is not such an address. */
export function parseInstanceRef(ref: string): ObjectRef | undefined {
  const parts = ref.split('/');
  const [name, namespace, kind, ...version] = parts.toReversed();
  if (!name || !namespace || !kind || version.length < 1 || version.length > 2 || version.includes(''))
    return undefined;
  const apiVersion = version.toReversed().join('/');
  return { apiVersion, kind, name, ...(namespace === '-' ? {} : { namespace }) };
}

/** The common prefix of all paths of the interface. */
export const INSPECT_PREFIX = '/api/v1/';

/** The path at which a server proves that it has the token. A request to this path needs no token. */
export const PROOF_PATH = `${INSPECT_PREFIX}proof`;

/**
 * The message of a proof. It contains the address of the server. Therefore a program at another address, such as
 * `[::1]` on the same port, cannot forward the nonce to the server and present the proof as its own.
 *
 * @param host the address of the server and its port, as in the header `Host`
 */
export const proofMessage = (nonce: string, host: string): string => `typekro-dashboard ${host} ${nonce}`;

const encoded = encodeURIComponent;
const instance = (ref: string): string => `${INSPECT_PREFIX}instances/${encoded(ref)}`;
const definition = (name: string): string => `${INSPECT_PREFIX}definitions/${encoded(name)}`;

/**
 * The paths of the interface. The response of each path is JSON of the named type in `model.ts`, or `InspectProblem`
 * for a failure.
 */
export const inspectPaths = {
  /** `InspectMeta`. */
  meta: (): string => `${INSPECT_PREFIX}meta`,
  /** `InspectProof`. The nonce is 32 hexadecimal digits. No token is needed. */
  proof: (nonce: string): string => `${PROOF_PATH}${queryOf({ nonce })}`,
  /** `DefinitionList`. */
  definitions: (): string => `${INSPECT_PREFIX}definitions`,
  /** `DefinitionDetail`. */
  definition,
  /** `RevisionDetail`. */
  revision: (name: string, revision: number): string => `${definition(name)}/revisions/${revision}`,
  /** `InstancePage`. The query is an `InstanceQuery`. */
  instances: (query: Readonly<Record<string, string | number | undefined>> = {}): string =>
    `${INSPECT_PREFIX}instances${queryOf(query)}`,
  /** `InstanceDetail`. */
  instance,
  /** `WhyPath` of the whole instance, or of one node. */
  why: (ref: string, node?: string): string => `${instance(ref)}/why${queryOf({ node })}`,
  /** `NodeDetail`. With `object`, it has the values of this object of a collection. */
  node: (ref: string, node: string, object?: ObjectRef): string =>
    `${instance(ref)}/nodes/${encoded(node)}${queryOf({ object: object && instanceRef(object) })}`,
  /** `ObjectDetail`. */
  object: (ref: string, object: ObjectRef): string =>
    `${instance(ref)}/object${queryOf({ object: instanceRef(object) })}`,
  /** `InstanceEvents`. */
  instanceEvents: (ref: string, node?: string): string => `${instance(ref)}/events${queryOf({ node })}`,
  /** `PodLog`. `tail` is the number of lines, by default 200 and at most 2000. */
  logs: (
    ref: string,
    query: { readonly pod: ObjectRef; readonly container: string; readonly previous?: boolean; readonly tail?: number },
  ): string => {
    const { pod, container, previous, tail } = query;
    return `${instance(ref)}/logs${queryOf({ object: instanceRef(pod), container, previous: previous === true ? 'true' : undefined, tail })}`;
  },
  /** `POST` an `ActionRequest` as `application/json`; the response is an `ActionAnswer`. */
  actions: (ref: string): string => `${instance(ref)}/actions`,
  /** `POST` a `PlanRequest` as `application/json`; the response is a `Plan`. */
  plan: (): string => `${INSPECT_PREFIX}plan`,
  /**
   * Server-sent events: `hello` (`StreamStart`) first, then `changes` (`ChangeBatch`) and `reset` (`StreamReset`). With
   * `Last-Event-ID`, or the query `lastEventId`, the stream continues after that id.
   */
  events: (): string => `${INSPECT_PREFIX}events`,
} as const;

function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const pairs = Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${encoded(String(value))}`],
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
