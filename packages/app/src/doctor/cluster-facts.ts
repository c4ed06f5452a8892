import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { asTexts } from '@typekro/kit/kubernetes';
import type { ControllerDeployment } from '../controllers/running-controllers.ts';
import type { Reading } from './finding.ts';

/** The facts about a cluster that `typekro doctor` checks. Each part may be unreadable for this user. */
export interface ClusterFacts {
  readonly server: ServerFacts;
  /** The three CRDs of kro by name. A CRD that does not exist is absent. */
  readonly crds: Reading<ReadonlyMap<string, KubeObject>>;
  readonly definitions: Reading<readonly KubeObject[]>;
  /** The instances of each definition, keyed by the name of the definition. */
  readonly instances: ReadonlyMap<string, Reading<readonly KubeObject[]>>;
  readonly controllers: Reading<readonly ControllerDeployment[]>;
  /** The reason why controllers were searched in one namespace only. Absent when all namespaces were searched. */
  readonly controllersLimit?: string;
  /** The pods of the controllers. */
  readonly pods: Reading<readonly KubeObject[]>;
  /** The Leases of controllers. */
  readonly leases: Reading<readonly KubeObject[]>;
  /** The kinds that the controller writes, including writes with the accounts of definitions. */
  readonly writtenKinds: readonly WrittenKind[];
  /**
   * The reason why kinds of children are missing in `writtenKinds` and `conversions`. Absent when the lists are
   * complete.
   */
  readonly kindsLimit?: string;
  readonly webhooks: Reading<readonly Webhook[]>;
  /** The kinds that the controller reads or writes and that have a conversion webhook. */
  readonly conversions: Reading<readonly Conversion[]>;
  /** The rights that the ServiceAccounts of controllers need, each with the result of the server's review. */
  readonly rights: Reading<readonly Right[]>;
  /** The version of this program. */
  readonly version: string;
}

/** The API server. */
export interface ServerFacts {
  /** The version of Kubernetes, e.g. `v1.36.1`. */
  readonly version: string;
  /** The minor version; 36 for `v1.36.1`. */
  readonly minor: number;
  /** The time of the server, in milliseconds since 1970, with a precision of one second. */
  readonly now: number;
  /** The clock of this machine minus the clock of the server, in milliseconds. */
  readonly aheadMs: number;
  /** Can a watch begin with the initial list (`sendInitialEvents`)? */
  readonly watchLists: Reading<boolean>;
}

/** One webhook of a ValidatingWebhookConfiguration or MutatingWebhookConfiguration. */
export interface Webhook {
  readonly configuration: string;
  readonly name: string;
  /** True when the API server refuses a write if the webhook does not respond. */
  readonly blocks: boolean;
  readonly rules: readonly WebhookRule[];
  readonly target: WebhookTarget;
}

/** A rule of a webhook: the requests that it selects, in the notation of its configuration. */
export interface WebhookRule {
  readonly groups: readonly string[];
  /**
   * The versions of the group. Absent when the webhook receives objects of all versions, because the server converts
   * them.
   */
  readonly versions?: readonly string[];
  readonly resources: readonly string[];
  readonly operations: readonly string[];
}

/** The target of a webhook: a Service in the cluster, or a URL. */
export type WebhookTarget =
  | { readonly service: { readonly namespace: string; readonly name: string }; readonly state: Reading<ServiceState> }
  | { readonly url: string };

/** The state of a webhook's Service. */
export interface ServiceState {
  /** Does the Service exist? Also true if only its endpoints were found. */
  readonly exists: boolean;
  /** The number of ready endpoints. */
  readonly ready: number;
}

/** A kind whose objects are written by the controller, or with the account of a definition. */
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
  /** Can a page of objects be read in each served version? Empty for a kind with one served version. */
  readonly lists: ReadonlyMap<string, Reading<unknown>>;
  /** Absent for a conversion of an embedded cluster, which calls a function in its process. */
  readonly target?: WebhookTarget;
  /** The certificates; only for a conversion of the controller. */
  readonly trust?: ConversionTrust;
}

/** The certificates of a conversion of the controller. */
export interface ConversionTrust {
  /** When the last certificate ends that the API server trusts, in milliseconds since 1970; 0 without a certificate. */
  readonly until: number;
  /** The Secret with the certificates, as `namespace/name`. */
  readonly secret: string;
  /** Does the API server trust the certificate in the Secret? `undefined` when there is none. */
  readonly isServedTrusted: Reading<boolean | undefined>;
}

/** A verb on a resource, as a role's rule grants it. */
export interface GrantedAction {
  readonly verb: string;
  readonly group: string;
  /** The plural of the resource; a subresource follows after a slash: `pods/log`. */
  readonly resource: string;
  /** The name of the object; absent when the rule names none. */
  readonly name?: string;
}

/** The actions that rules grant: one per verb and resource, or per verb and named object. */
export function grantedActions(rules: readonly JsonObject[]): GrantedAction[] {
  return rules.flatMap((rule) => {
    const names = asTexts(rule['resourceNames']);
    const named = names.length === 0 ? [{}] : names.map((name) => ({ name }));
    return asTexts(rule['apiGroups']).flatMap((group) =>
      asTexts(rule['resources']).flatMap((resource) =>
        asTexts(rule['verbs']).flatMap((verb) => named.map((name) => ({ verb, group, resource, ...name }))),
      ),
    );
  });
}

/** A right that an account needs. */
export interface Right extends GrantedAction {
  /** The account as `namespace/name`. */
  readonly account: string;
  /** The namespace in which the right is needed; absent for the whole cluster. */
  readonly namespace?: string;
  /**
   * The ServiceAccount of the controller, as `namespace/name`. This controller needs the right itself, or impersonates
   * the account that needs it.
   */
  readonly controller: string;
  /** The reason for the right: `the controller itself`, or a definition. */
  readonly neededBy: string;
  readonly allowed: boolean;
}
