import { type KubeObject, definedMembers } from '@typekro/kit/core';
import { GraphObject } from '@typekro/engine/graph';
import type { ActingIdentities, ActingIdentity, ServiceAccountRef } from '../acting-identity.ts';
import { serviceAccountUser } from '../acting-identity.ts';
import { type Observations, WriteRules } from '@typekro/engine/runtime';
import type { KindCache } from '../cache/kind-cache.ts';
import type { Policies } from '../definition/definition-policies.ts';
import type { ServedKind } from '../served-kinds.ts';
import type { GraphCompiler } from './graph-compiler.ts';
import { accountOf } from './graph-object.ts';

/**
 * The name under which metrics and reports list Graphs, in place of the name of a definition. No definition can have a
 * name with capital letters.
 */
const GRAPHS = 'Graph.kro.run';

/** The maximum length of a chain in which each Graph makes the next one. */
export const MAX_MAKERS = 10;

/** The annotations with the policies of definitions (`readPolicies`) have no effect on Graphs. */
const POLICIES: Policies = { nodeAdoption: new Map(), invalid: [] };

/** The dependencies of a `GraphKind`. */
export interface GraphKindOptions {
  readonly compiler: GraphCompiler;
  readonly identities: ActingIdentities;
  /** The ServiceAccount of the controller. No Graph may be applied as this account. */
  readonly controller: ServiceAccountRef;
}

/** How a Graph is served, without the acting identity. */
export type ServedGraph = Omit<ServedKind, 'identity'>;

/** The kind Graph: each Graph is an instance of the graph in its own spec. */
export class GraphKind {
  readonly #options: GraphKindOptions;

  constructor(options: GraphKindOptions) {
    this.#options = options;
  }

  /**
   * The graph of one Graph, or the reason why there is none.
   *
   * @param makers the Graphs that made this one, as `namespace/name`
   */
  async serve(object: KubeObject, makers: readonly string[], signal: AbortSignal): Promise<ServedGraph> {
    const { compiler } = this.#options;
    const { uid, generation, deletionTimestamp } = object.metadata;
    const user = serviceAccountUser(accountOf(object));
    const isOwnAccount = this.#isOwn(user);
    const base: ServedGraph = {
      definition: GRAPHS,
      definitionUid: '',
      type: GraphObject.TYPE,
      revision: 0,
      policies: POLICIES,
      origin: 'graph',
      ...(makers.length === 0 ? {} : { makers }),
      chosenFor: { uid, generation, deletionTimestamp },
    };
    if (deletionTimestamp !== undefined) {
      // A teardown needs only the record in the status. Users may write the status, so `status.appliedServiceAccount`
      // can name the account of the controller.
      return isOwnAccount ? { ...base, deletionProblem: ownAccountDeletionText(user) } : base;
    }
    if (isOwnAccount) return { ...base, failure: ownAccountText(user) };
    if (makers.length > MAX_MAKERS) return { ...base, failure: tooManyMakersText(makers) };
    const { graph, message = '', isKindMissing } = await compiler.compile(object, signal);
    if (graph !== undefined) return { ...base, graph };
    return { ...base, failure: message, ...definedMembers({ isKindMissing }) };
  }

  /** The identity of the ServiceAccount of a Graph. */
  identityOf(object: KubeObject): ActingIdentity {
    const { identities } = this.#options;
    const account = accountOf(object);
    // A Graph that names the account of the controller is refused, so a step reads and writes only the Graph itself.
    return this.#isOwn(serviceAccountUser(account)) ? identities.own : identities.of(account);
  }

  #isOwn(user: string): boolean {
    return user === serviceAccountUser(this.#options.controller);
  }
}

/**
 * The Graphs that made a Graph, as `namespace/name`: the direct maker first, then the maker of that Graph, and so on.
 * The list has at most one entry more than `MAX_MAKERS`.
 */
export function makersOf(graph: Observations.LiveObject, graphs: Pick<KindCache, 'indexed'>): readonly string[] {
  const makers: string[] = [];
  for (let made = graph; makers.length <= MAX_MAKERS;) {
    const [maker] = WriteRules.graphsWriting(made).flatMap((manager) => [...graphs.indexed(manager)]);
    if (maker === undefined) break;
    const { name = '', namespace = '' } = maker.object.metadata;
    makers.push(`${namespace}/${name}`);
    made = maker;
  }
  return makers;
}

function tooManyMakersText(makers: readonly string[]): string {
  const [maker = ''] = makers;
  return `refusing to apply: the Graph "${maker}" made this Graph, at the end of a chain of more than ${MAX_MAKERS} Graphs that each made the next one, and the chain may have no end; change the nodes that make Graphs`;
}

function ownAccountDeletionText(user: string): string {
  return `refusing to delete: Graph would impersonate the kro controller's own ServiceAccount ("${user}"); delete the objects in status.managedResources, then set the annotation typekro.dev/deletion-policy: orphan on the Graph`;
}

/** kro's message for a Graph that would have the rights of the controller. */
function ownAccountText(user: string): string {
  return `refusing to apply: Graph would impersonate the kro controller's own ServiceAccount ("${user}"); choose a different serviceAccountName or move the Graph out of the controller's namespace`;
}
