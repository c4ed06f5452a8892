import type { KubeObject } from '../../core/index.ts';
import type { ControllerDeployment } from '../bootstrap/running-controllers.ts';
import type { Reading } from './finding.ts';

/** The state of a cluster that `typekro doctor` judges. Each part may be unreadable for this user. */
export interface ClusterFacts {
  readonly server: ServerFacts;
  /** The three CRDs of kro by name. A CRD that does not exist is absent. */
  readonly crds: Reading<ReadonlyMap<string, KubeObject>>;
  readonly definitions: Reading<readonly KubeObject[]>;
  /** The instances of each definition, by its name. */
  readonly instances: ReadonlyMap<string, Reading<readonly KubeObject[]>>;
  readonly controllers: Reading<readonly ControllerDeployment[]>;
  /** The reason why controllers were searched in one namespace only. Absent when all namespaces were searched. */
  readonly controllersLimit?: string;
  /** The pods of the controllers. */
  readonly pods: Reading<readonly KubeObject[]>;
  /** The Leases of controllers. */
  readonly leases: Reading<readonly KubeObject[]>;
  readonly webhooks: Reading<readonly Webhook[]>;
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
  readonly rules: readonly { readonly groups: readonly string[]; readonly resources: readonly string[] }[];
  /** The Service that answers; absent for a URL. */
  readonly service?: { readonly namespace: string; readonly name: string };
  /** The number of ready endpoints of the Service. Absent for a URL. */
  readonly endpoints?: Reading<number>;
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
