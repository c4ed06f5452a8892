import type { JsonObject, JsonValue } from '@typekro/kit/core';

/** The detail of the events of a request, in ascending order. `None`: no events. */
export type AuditLevel = 'None' | 'Metadata' | 'Request' | 'RequestResponse';

/** The stages of a request that have events. `ResponseStarted` exists only for watches, logs and connections. */
export type AuditStage = 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic';

/** Resources of an API group, in a rule of an audit policy. */
export interface AuditGroupResources {
  /** The API group. Default: the core group. */
  readonly group?: string;
  /**
   * Names such as `pods` and `pods/log`. A star stands for all resources or all subresources. Default: all resources of
   * the group, with their subresources.
   */
  readonly resources?: readonly string[];
  /** Names of objects. Requires `resources`. Default: all objects. */
  readonly resourceNames?: readonly string[];
}

/**
 * A rule of an audit policy. It applies to a request that matches all its members. An absent member matches every
 * request.
 */
export interface AuditPolicyRule {
  readonly level: AuditLevel;
  readonly users?: readonly string[];
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly AuditGroupResources[];
  /** `''` stands for objects outside namespaces. */
  readonly namespaces?: readonly string[];
  /** Paths that are not resources. A path can end with `*`. */
  readonly nonResourceURLs?: readonly string[];
  /** Stages without events, in addition to the `omitStages` of the policy. */
  readonly omitStages?: readonly AuditStage[];
  /** True to leave out `managedFields` of the objects. Default: the setting of the policy. */
  readonly omitManagedFields?: boolean;
}

/**
 * An audit policy, `Policy` of `audit.k8s.io/v1`. The first rule that matches a request decides. A request that matches
 * no rule has no events.
 */
export interface AuditPolicy {
  readonly rules: readonly AuditPolicyRule[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

/** A user in an audit event. Empty for a request whose credentials are not valid. */
export interface AuditUser {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** An audit event, `Event` of `audit.k8s.io/v1`. */
export interface AuditEvent {
  readonly kind: 'Event';
  readonly apiVersion: 'audit.k8s.io/v1';
  readonly level: AuditLevel;
  /** The id of the request, which is in all its events and in the header `Audit-ID` of its response. */
  readonly auditID: string;
  readonly stage: AuditStage;
  /** The path with its query. */
  readonly requestURI: string;
  /** The API verb. For paths that are not resources, the method in lower case. */
  readonly verb: string;
  readonly user: AuditUser;
  readonly impersonatedUser?: AuditUser;
  /** Set for constrained impersonation: the verb of the right that allowed it. */
  readonly authenticationMetadata?: { readonly impersonationConstraint: string };
  /** Absent for requests from the same process. */
  readonly sourceIPs?: readonly string[];
  readonly userAgent?: string;
  /** Absent for paths that are not resources. */
  readonly objectRef?: {
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly uid?: string;
    readonly apiGroup?: string;
    readonly apiVersion?: string;
    readonly resourceVersion?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: JsonObject;
  /** From the level `Request` on: the body of the request. */
  readonly requestObject?: JsonValue;
  /** At the level `RequestResponse`: the object in the response. */
  readonly responseObject?: JsonValue;
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An audit log of the requests to a cluster. */
export interface AuditOptions {
  /**
   * Selects the requests that have events, and the detail of the events. Default: all requests, at the level
   * `Metadata`.
   */
  readonly policy?: AuditPolicy;
  /** The file to which the events are appended, one per line, or `-` for standard output. Default: none. */
  readonly file?: string;
  /** The size in megabytes at which a file is renamed and a new file is started. Default: 100. */
  readonly maxSizeMb?: number;
  /** The number of renamed files that are kept. Default: all. */
  readonly maxBackups?: number;
  /** The age in days at which renamed files are removed. Default: never. */
  readonly maxAgeDays?: number;
  /** Called with each event. The server continues the request after the call returns. */
  readonly onEvent?: (event: AuditEvent) => void;
}
