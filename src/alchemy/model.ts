import type { AnyAspect, Composition, DeployEvent, Factory, Mode } from '../compose/index.ts';
import type { ObjectMeta } from '../core/index.ts';
import type { Transport } from '../kube/index.ts';

/**
 * A secret of Alchemy, made by `alchemy.secret()`. Alchemy's state holds the value encrypted; the cluster gets the
 * plain value.
 */
export interface Secret<Value = unknown> {
  readonly type: 'secret';
  readonly unencrypted: Value;
}

/** A spec in which any value may be a secret of Alchemy. */
export type WithSecrets<Value> =
  | Value
  | Secret<Value>
  | (Value extends object ? { [Key in keyof Value]: WithSecrets<Value[Key]> } : never);

/** The props of `KroResource`: the composition, the spec, and how and where the instance is deployed. */
export interface KroResourceProps<Input, Spec, Status> {
  readonly composition: Pick<
    Composition<Spec, Status, unknown, Input>,
    'name' | 'toDefinition' | 'toInstance' | 'factory'
  >;
  /** The spec; `spec.name` names the instance. Secrets in the spec stay encrypted in Alchemy's state. */
  readonly spec: WithSecrets<NoInfer<Input>>;
  /**
   * `direct` (default): this process deploys. `kro`: a controller in the cluster deploys. A change of the mode updates
   * the instance in place.
   */
  readonly mode?: Mode;
  /** The namespace of the instance. Default `default`. */
  readonly namespace?: string;
  /** A kubeconfig: its path, or its text as a secret. Default: `KUBECONFIG`, then `~/.kube/config`, then the pod's own. */
  readonly kubeConfig?: string | Secret<string>;
  /**
   * A transport into a cluster of this process, instead of a kubeconfig. Only this process can delete the instances
   * that it deployed through the transport.
   */
  readonly transport?: Transport;
  /** The longest time to wait for readiness, and for deletions, in milliseconds. Default: that of the factory. */
  readonly timeout?: number;
  /** Does a deploy wait until all resources are ready? Default `true`. */
  readonly waitForReady?: boolean;
  readonly createNamespace?: boolean;
  readonly allowBreakingChanges?: boolean;
  /** The aspects that are applied to the resources, in this order (`typekro/aspects`). */
  readonly aspects?: readonly AnyAspect[];
  /** Called with each event of a deploy. Another callback alone is no change that updates the instance. */
  readonly progressCallback?: (event: DeployEvent) => void;
}

/** The result of `await KroResource(…)`: the instance as it was after its last deploy. */
export interface KroResourceOutput<Input, Status> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Pick<ObjectMeta, 'name' | 'namespace' | 'uid'>;
  /** The spec as the program passed it, with its secrets. */
  readonly spec: WithSecrets<Input>;
  readonly status: Status;
  readonly mode: Mode;
}

/** The location of an instance in its cluster, with all members that a deletion needs. */
export interface InstanceLocation {
  readonly mode: Mode;
  /** Name of the definition. */
  readonly definition: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * The props as Alchemy keeps and compares them. The spec is a text, because Alchemy interprets some objects and loses
 * integers beyond 2^53.
 */
export interface StoredProps {
  readonly place: InstanceLocation;
  /**
   * The digest of the definition with its aspects. Another digest makes an update, so that a changed program is
   * deployed.
   */
  readonly digest: string;
  /** The spec as JSON, `null` for secrets. */
  readonly spec: string;
  /** The secrets of the spec in their order, with their paths. */
  readonly secrets: readonly { readonly path: string; readonly value: Secret }[];
  readonly settings: {
    readonly timeout?: number;
    readonly waitForReady?: boolean;
    readonly createNamespace?: boolean;
    readonly allowBreakingChanges?: boolean;
  };
  readonly connection: StoredConnection;
  /**
   * The part of the declaration that only this process has. It is a function, because Alchemy leaves functions out of
   * its state.
   */
  readonly local: () => Local;
}

/** The connection to the cluster, as far as a state can hold it: a transport is only mentioned. */
export type StoredConnection =
  | { readonly by: 'default' }
  | { readonly by: 'kubeconfig'; readonly kubeConfig: string | Secret<string> }
  | { readonly by: 'transport' };

/** The part of a declaration that lives in the declaring process only. */
export interface Local {
  readonly transport: Transport | undefined;
  readonly deploy: () => Promise<Awaited<ReturnType<Factory<unknown, unknown, unknown>['deploy']>>>;
}

/** The output as Alchemy keeps it. */
export interface StoredOutput {
  readonly place: InstanceLocation;
  readonly uid?: string;
  /** The status as JSON: a text, for the same reason as the spec. */
  readonly status: string;
  /**
   * The random id of the deploy. It tells the current resource from its replaced predecessor, which Alchemy may ask to
   * delete.
   */
  readonly deploy: string;
}

/** The members that are used here of the object that Alchemy passes to a resource's function as `this`. */
export interface Lifecycle {
  readonly phase: 'create' | 'update' | 'delete';
  readonly id: string;
  readonly fqn: string;
  /** The output of the last success. Before the first success it has only Alchemy's own symbols. */
  readonly output?: Partial<StoredOutput>;
  /** The props of the last attempt; `{}` before the first attempt. */
  readonly props?: Partial<StoredProps>;
  readonly scope: {
    readonly state: { get(id: string): Promise<{ readonly output?: Partial<StoredOutput> } | undefined> };
  };
  /** Makes Alchemy create a new resource. It deletes the old one at the end of the program, or first with `force`. */
  replace(force?: boolean): never;
  /** Ends a deletion. */
  destroy(): never;
}
