import type { Composition, Factory, FactoryOptions, Mode } from '../compose/index.ts';
import type { ObjectMeta } from '@typekro/kit/core';
import type { Transport } from '@typekro/kube';

/**
 * A secret of Alchemy, made by `alchemy.secret()`. Alchemy's state has the encrypted value, and the cluster gets the
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

/** The props of `KroResource`: the composition, the spec, and the options of the deployment. */
export interface KroResourceProps<Input, Spec, Status> extends Pick<
  FactoryOptions,
  'waitForReady' | 'createNamespace' | 'allowBreakingChanges' | 'aspects' | 'progressCallback' | 'transport'
> {
  readonly composition: Pick<
    Composition<Spec, Status, unknown, Input>,
    'name' | 'toDefinition' | 'toInstance' | 'factory'
  >;
  /** The spec. `spec.name` names the instance. Secrets in the spec stay encrypted in Alchemy's state. */
  readonly spec: WithSecrets<NoInfer<Input>>;
  /**
   * `direct` (default): this process deploys. `kro`: a controller in the cluster deploys. A change of the mode updates
   * the instance in place.
   */
  readonly mode?: Mode;
  /** The namespace of the instance. Default: `default`. */
  readonly namespace?: string;
  /**
   * A kubeconfig: its path, or its text as a secret. Default: the first that exists of `KUBECONFIG`, `~/.kube/config`
   * and the service account of the pod.
   */
  readonly kubeConfig?: string | Secret<string>;
  /**
   * The maximum time to wait for readiness and for deletions, in milliseconds. Default: the time limit of the factory.
   */
  readonly timeout?: number;
}

/** The result of `await KroResource(…)`: the instance after its last deploy. */
export interface KroResourceOutput<Input, Status> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Pick<ObjectMeta, 'name' | 'namespace' | 'uid'>;
  /** The spec as the program passed it, with its secrets. */
  readonly spec: WithSecrets<Input>;
  readonly status: Status;
  readonly mode: Mode;
}

/** The location of an instance: all that a deletion needs to find the instance. */
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
 * The props that Alchemy stores and compares. The spec is a JSON string, because Alchemy gives some objects a special
 * meaning and loses digits of integers beyond 2^53.
 */
export interface StoredProps {
  readonly place: InstanceLocation;
  /**
   * The digest of the definition and its aspects. A changed digest causes an update, so that a changed program is
   * deployed.
   */
  readonly digest: string;
  /** The spec as JSON, with `null` for secrets. */
  readonly spec: string;
  /** The secrets of the spec with their paths, in the order of the spec. */
  readonly secrets: readonly { readonly path: string; readonly value: Secret }[];
  readonly settings: {
    readonly timeout?: number;
    readonly waitForReady?: boolean;
    readonly createNamespace?: boolean;
    readonly allowBreakingChanges?: boolean;
  };
  readonly connection: StoredConnection;
  /**
   * The part of the declaration that only this process has. It is a function, because Alchemy does not store functions.
   */
  readonly local: () => Local;
}

/** The connection to the cluster. Alchemy's state cannot store a transport, so it records only that there was one. */
export type StoredConnection =
  | { readonly by: 'default' }
  | { readonly by: 'kubeconfig'; readonly kubeConfig: string | Secret<string> }
  | { readonly by: 'transport' };

/** The part of a declaration that exists only in the declaring process. */
export interface Local {
  readonly transport: Transport | undefined;
  readonly deploy: () => Promise<Awaited<ReturnType<Factory<unknown, unknown, unknown>['deploy']>>>;
}

/** The output that Alchemy stores. */
export interface StoredOutput {
  readonly place: InstanceLocation;
  readonly uid?: string;
  /** The status as a JSON string, for the same reasons as `StoredProps.spec`. */
  readonly status: string;
  /**
   * The random id of the deploy. When Alchemy requests a deletion, the id shows whether the deletion concerns the
   * current resource or a replaced predecessor.
   */
  readonly deploy: string;
}

/**
 * Alchemy calls a resource's function with this object as `this`. Only the members that this folder uses are declared.
 */
export interface Lifecycle {
  readonly phase: 'create' | 'update' | 'delete';
  readonly id: string;
  readonly fqn: string;
  /** The output of the last success. Before the first success, it has only Alchemy's symbols. */
  readonly output?: Partial<StoredOutput>;
  /** The props of the last attempt; `{}` before the first one. */
  readonly props?: Partial<StoredProps>;
  readonly scope: {
    readonly state: { get(id: string): Promise<{ readonly output?: Partial<StoredOutput> } | undefined> };
  };
  /**
   * Makes Alchemy create a new resource. Alchemy deletes the old resource at the end of the program. With `force`,
   * Alchemy deletes it before the creation.
   */
  replace(force?: boolean): never;
  /** Ends a deletion: Alchemy removes the resource from its state. */
  destroy(): never;
}
