import { type ResourceFactory, resourceFactory } from '../../compose/index.ts';

/** Status fields that every AWS controller writes. */
export interface AckStatusFields {
  readonly ackResourceMetadata?:
    | { readonly arn?: string | undefined; readonly ownerAccountID: string; readonly region: string }
    | undefined;
  readonly conditions?:
    | readonly {
        readonly type: string;
        readonly status: string;
        readonly reason?: string | undefined;
        readonly message?: string | undefined;
        readonly lastTransitionTime?: string | undefined;
      }[]
    | undefined;
}

/** The fields of an AWS kind. */
export interface AckFields<Spec extends object, Status extends object> {
  readonly spec: Spec;
  readonly status?: (Status & AckStatusFields) | undefined;
}

/**
 * Makes a factory for an ACK (AWS Controllers for Kubernetes) kind that has no generated factory. The default of
 * `version` is `v1alpha1`. An object is ready when its condition `ACK.ResourceSynced` is True.
 *
 * @example
 * const queue = ackFactory<{ queueName: string }, { queueURL?: string }>('sqs', 'Queue');
 * const jobs = queue({ name: 'jobs', spec: { queueName: spec.name }, waitForReady: true });
 */
export function ackFactory<Spec extends object = Record<string, unknown>, Status extends object = object>(
  service: string,
  kind: string,
  version = 'v1alpha1',
): ResourceFactory<AckFields<Spec, Status>> {
  return resourceFactory(`${service}.services.k8s.aws/${version}`, kind, {
    readyWhen: 'self.?status.?conditions.orValue([]).exists(c, c.type == "ACK.ResourceSynced" && c.status == "True")',
  });
}
