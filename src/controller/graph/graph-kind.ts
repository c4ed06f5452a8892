import type { KubeObject } from '../../core/index.ts';
import { definedMember } from '../../core/index.ts';
import { GRAPH_TYPE } from '../../graph/index.ts';
import type { ActingIdentities, ServiceAccountRef } from '../acting-identity.ts';
import { serviceAccountUser } from '../acting-identity.ts';
import type { Policies } from '../definition/policies.ts';
import type { ServedKind } from '../served-kinds.ts';
import type { GraphCompiler } from './graph-compiler.ts';
import { accountOf } from './graph-object.ts';

/**
 * The name under which metrics and reports list Graphs, in place of the name of a definition. No definition can have a
 * name with capital letters.
 */
const GRAPHS = 'Graph.kro.run';

/** A Graph has no annotations with policies. */
const POLICIES: Policies = { nodeAdoption: new Map(), problems: [] };

/** The dependencies of a `GraphKind`. */
export interface GraphKindOptions {
  readonly compiler: GraphCompiler;
  readonly identities: ActingIdentities;
  /** The ServiceAccount of the controller, as which no Graph may be applied. */
  readonly controller: ServiceAccountRef;
}

/** The kind Graph: each Graph is an instance of the graph in its own spec. */
export class GraphKind {
  readonly #options: GraphKindOptions;

  constructor(options: GraphKindOptions) {
    this.#options = options;
  }

  /** The graph of one Graph, or the reason why there is none, with the identity of its ServiceAccount. */
  async serve(object: KubeObject, signal: AbortSignal): Promise<ServedKind> {
    const { compiler, identities, controller } = this.#options;
    const { uid, generation, deletionTimestamp } = object.metadata;
    const account = accountOf(object);
    const user = serviceAccountUser(account);
    const isOwnAccount = user === serviceAccountUser(controller);
    const base: ServedKind = {
      definition: GRAPHS,
      definitionUid: '',
      type: GRAPH_TYPE,
      revision: 0,
      policies: POLICIES,
      // With the account of the controller, a step reads and writes only the Graph itself.
      identity: isOwnAccount ? identities.own : identities.of(account),
      origin: 'graph',
      chosenFor: { uid, generation, deletionTimestamp },
    };
    if (deletionTimestamp !== undefined) {
      // The inventory in the status suffices for a teardown. Users may write the status, so it can name any account.
      return isOwnAccount ? { ...base, deletionProblem: ownAccountDeletionText(user) } : base;
    }
    if (isOwnAccount) return { ...base, failure: ownAccountText(user) };
    const { graph, message = '', isKindMissing } = await compiler.compile(object, signal);
    if (graph !== undefined) return { ...base, graph };
    return { ...base, failure: message, ...definedMember('isKindMissing', isKindMissing) };
  }
}

function ownAccountDeletionText(user: string): string {
  return `refusing to delete: Graph would impersonate the kro controller's own ServiceAccount ("${user}"); delete the objects in status.managedResources, then set the annotation typekro.dev/deletion-policy: orphan on the Graph`;
}

/** kro's text for a Graph that would have the rights of the controller. */
function ownAccountText(user: string): string {
  return `refusing to apply: Graph would impersonate the kro controller's own ServiceAccount ("${user}"); choose a different serviceAccountName or move the Graph out of the controller's namespace`;
}
