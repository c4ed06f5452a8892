import type { AnyAspect, Composition, DeployEvent, Factory, Mode } from '../compose/index.ts';
import type { ObjectMeta } from '../core/index.ts';
import type { Transport } from '../kube/index.ts';

/** A secret of Alchemy: encrypted in its state, plain text for the cluster. Made by `alchemy.secret()`. */
export interface Secret<Value = unknown> {
  readonly type: 'secret';
  readonly unencrypted: Value;
}

/** A spec in which any value may be a secret of Alchemy. */
export type WithSecrets<Value> =
  | Value
  | Secret<Value>
  | (Value extends object ? { [Key in keyof Value]: WithSecrets<Value[Key]> } : never);

/** What is deployed, how and where. */
export interface KroResourceProps<Input, Spec, Status> {
  readonly composition: Pick<
    Composition<Spec, Status, unknown, Input>,
    'name' | 'toDefinition' | 'toInstance' | 'factory'
  >;
  /** The spec; its name is that of the instance. Secrets in it stay encrypted in Alchemy's state. */
  readonly spec: WithSecrets<NoInfer<Input>>;
  /** `direct` (default): this process deploys. `kro`: a controller in the cluster does. May be changed in place. */
  readonly mode?: Mode;
  /** Default `default`. */
  readonly namespace?: string;
  /** A kubeconfig: its path, or its text as a secret. Default: `KUBECONFIG`, then `~/.kube/config`, then the pod's own. */
  readonly kubeConfig?: string | Secret<string>;
  /** Instead of a kubeconfig, a way into a cluster of this process. Only this process can delete what it deployed. */
  readonly transport?: Transport;
  /** How long to wait for readiness, and for deletions, in milliseconds. Default: the factory's. */
  readonly timeout?: number;
  /** Wait until everything is ready. Default `true`. */
  readonly waitForReady?: boolean;
  readonly createNamespace?: boolean;
  readonly allowBreakingChanges?: boolean;
  /** Changes laid over the resources, in order (`typekro/aspects`). */
  readonly aspects?: readonly AnyAspect[];
  /** Told of everything that happens; a change of it alone is no update. */
  readonly progressCallback?: (event: DeployEvent) => void;
}

/** What `await KroResource(…)` gives: the instance as it was when it was deployed last. */
export interface KroResourceOutput<Input, Status> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Pick<ObjectMeta, 'name' | 'namespace' | 'uid'>;
  /** As it was given, with its secrets. */
  readonly spec: WithSecrets<Input>;
  readonly status: Status;
  readonly mode: Mode;
}

/** Where an instance is in its cluster; all that is needed to delete it. */
export interface Place {
  readonly mode: Mode;
  /** Name of the definition. */
  readonly definition: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * The props as Alchemy keeps and compares them. Spec and digest are texts: Alchemy reads meaning into some
 * objects, and has no integers beyond 2^53.
 */
export interface StoredProps {
  readonly place: Place;
  /** Digest of the definition with its aspects: a changed program is an update. */
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
  /** What this process alone knows. Alchemy leaves functions out of its state. */
  readonly local: () => Local;
}

/** How to reach the cluster, as far as it can be kept. */
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
  readonly place: Place;
  readonly uid?: string;
  /** The status as JSON, for the same reason as the spec. */
  readonly status: string;
  /** Another one after each deploy: tells a resource from its own past, which Alchemy may ask to delete. */
  readonly deploy: string;
}

/** What Alchemy gives a resource's function as `this`, as far as it is used here. */
export interface Lifecycle {
  readonly phase: 'create' | 'update' | 'delete';
  readonly id: string;
  readonly fqn: string;
  /** The output of the last success; before the first one only Alchemy's own marks. */
  readonly output?: Partial<StoredOutput>;
  /** The props of the last attempt, `{}` before the first one. */
  readonly props?: Partial<StoredProps>;
  readonly scope: {
    readonly state: { get(id: string): Promise<{ readonly output?: Partial<StoredOutput> } | undefined> };
  };
  /** Starts over as a new resource. The old one is deleted at the end of the program, or before with `force`. */
  replace(force?: boolean): never;
  /** Ends a deletion. */
  destroy(): never;
}
