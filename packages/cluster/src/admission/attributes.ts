import { type WriteServices } from '../verbs/write.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { UserInfo } from '../cluster-options.ts';
import type { ServiceAddress } from '../webhooks/webhook-client.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { ObjectLookup } from '../types/lookup.ts';
import type { BodyType } from '../verbs/body.ts';
import { ADMISSION_GROUP } from './admission-gate.ts';

/** The parts of the cluster that admission uses. */
export interface AdmissionContext extends Pick<
  WriteServices,
  'registry' | 'newUid' | 'allowsAll' | 'conversions' | 'audit'
> {
  readonly store: ObjectLookup;
  readonly serviceAddress: ServiceAddress;
}

/** The operations that admission distinguishes. */
export type Operation = 'CONNECT' | 'CREATE' | 'DELETE' | 'UPDATE';

/** A kind in one version. */
export interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** The properties of a request on which webhooks and policies base their decisions. */
export interface AdmissionAttributes {
  readonly operation: Operation;
  readonly resource: ServedResource;
  readonly subresource: string;
  /**
   * The kind of the object in the request. For a subresource with its own kind (`Scale`, `Eviction`), it is that kind;
   * otherwise, it is the kind of the resource.
   */
  readonly kind: Kind;
  /**
   * The type of the object. `undefined` for CONNECT, where the object is the options of the connection, such as
   * `PodExecOptions`.
   */
  readonly type: BodyType | undefined;
  /** Empty for a create whose name is generated after the mutation. */
  readonly name: string;
  /** For a Namespace, its own name. */
  readonly namespace: string;
  /** Absent for a deletion. */
  readonly object: KubeObject | undefined;
  /** Absent for a create and for a connection. */
  readonly old: KubeObject | undefined;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** The options of the request, such as `CreateOptions`. */
  readonly options: JsonObject;
}

const CONFIGURATIONS: ReadonlySet<string> = new Set([
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'validatingwebhookconfigurations',
]);

/**
 * Is the resource a webhook configuration, a policy or a binding? Webhooks and policies do not review these objects.
 */
export const isExempt = ({ group, plural }: ServedResource): boolean =>
  group === ADMISSION_GROUP && CONFIGURATIONS.has(plural);

export const isNamespaces = ({ group, plural }: ServedResource): boolean => group === '' && plural === 'namespaces';
