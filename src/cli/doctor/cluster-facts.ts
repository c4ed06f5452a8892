import type { KubeObject } from '../../core/index.ts';
import type { ControllerDeployment } from '../bootstrap/running-controllers.ts';
import type { Reading } from './finding.ts';

/** The state of a cluster that `typekro doctor` judges. Each part may be unreadable for this user. */
export interface ClusterFacts {
  readonly server: ServerFacts;
  /** The three CRDs of kro by name. A CRD that does not exist is absent. */
  readonly crds: Reading<ReadonlyMap<string, KubeObject>>;
  readonly definitions: Reading<readonly KubeObject[]>;
  /** The instances of each definition, by the name of the definition. */
  readonly instances: ReadonlyMap<string, Reading<readonly KubeObject[]>>;
  readonly controllers: Reading<readonly ControllerDeployment[]>;
  /** The reason why controllers were searched in one namespace only. Absent when all namespaces were searched. */
  readonly controllersLimit?: string;
  /** The pods of the controllers. */
  readonly pods: Reading<readonly KubeObject[]>;
  /** The Leases of controllers. */
  readonly leases: Reading<readonly KubeObject[]>;
  /** The kinds that the controller and the accounts of definitions write. */
  readonly writtenKinds: readonly WrittenKind[];
  /** The reason why kinds of children are missing in `writtenKinds` and `conversions`. Absent when none is missing. */
  readonly kindsLimit?: string;
  readonly webhooks: Reading<readonly Webhook[]>;
  /** The kinds that the controller reads or writes, and whose versions a webhook converts. */
  readonly conversions: Reading<readonly Conversion[]>;
  /** The rights that the ServiceAccounts of controllers need, with the answers of the server. */
  readonly rights: Reading<readonly Right[]>;
  /** The version of this program. */
  readonly version: string;
}

/** The API server. */
export interface ServerFacts {
  /** E.g. `v1.36.1`. */
  readonly version: string;
  /** The minor version; 36 for `v1.36.1`. */
  readonly minor: number;
  /** The time of the server, in milliseconds since 1970, to a second. */
  readonly now: number;
  /** By how much the clock of this machine is ahead of the server's, in milliseconds. */
  readonly aheadMs: number;
  /** Does the server answer a watch with its first list (`sendInitialEvents`)? */
  readonly watchLists: Reading<boolean>;
}

/** One webhook of a ValidatingWebhookConfiguration or MutatingWebhookConfiguration. */
export interface Webhook {
  readonly configuration: string;
  readonly name: string;
  /** True when the API server refuses a write without an answer of the webhook. */
  readonly blocks: boolean;
  readonly rules: readonly WebhookRule[];
  readonly target: WebhookTarget;
}

/** The requests that a webhook selects, in the words of its configuration. */
export interface WebhookRule {
  readonly groups: readonly string[];
  /** The versions of the group. Absent when the server converts objects of other versions for the webhook. */
  readonly versions?: readonly string[];
  readonly resources: readonly string[];
  readonly operations: readonly string[];
}

/** What answers a webhook: a Service of the cluster, or an address outside of it. */
export type WebhookTarget =
  | {
      readonly service: { readonly namespace: string; readonly name: string };
      readonly state: Reading<ServiceState>;
    }
  | { readonly url: string };

/** A Service that answers a webhook. */
export interface ServiceState {
  /** True for a Service with endpoints. */
  readonly exists: boolean;
  /** The number of ready endpoints. */
  readonly ready: number;
}

/** A kind that the controller writes, or an account of a definition. */
export interface WrittenKind {
  readonly group: string;
  readonly version: string;
  /** The plural name; `*` when it is not known, because the definition does not compile. */
  readonly resource: string;
  /** True when the status of the objects is written, too. */
  readonly writesStatus: boolean;
  readonly operations: readonly ('CREATE' | 'UPDATE' | 'DELETE')[];
  /** The name of the definition that needs the kind; absent for the controller itself. */
  readonly definition?: string;
}

/** A kind whose versions a webhook converts. */
export interface Conversion {
  /** The name of the CRD. */
  readonly crd: string;
  /** The version in which objects are read and written. */
  readonly version: string;
  /** The versions in which objects may be stored. */
  readonly storedVersions: readonly string[];
  readonly servedVersions: readonly string[];
  readonly target: WebhookTarget;
}

/** A right that an account needs. */
export interface Right {
  /** The account as `namespace/name`. */
  readonly account: string;
  readonly verb: string;
  readonly group: string;
  /** The resource, with a subresource after a slash. */
  readonly resource: string;
  readonly name?: string;
  /** The namespace in which the right is needed; absent for the whole cluster. */
  readonly namespace?: string;
  /** The ServiceAccount of the controller that needs the right, or acts as the account, as `namespace/name`. */
  readonly controller: string;
  /** What needs the right: `the controller itself`, or a definition. */
  readonly neededBy: string;
  readonly allowed: boolean;
}
