import { createHash } from 'node:crypto';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { parseApiVersion } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import type { StandIn, StandInCondition, StandInResult, StandInView } from '../../stand-in.ts';
import { shippedDefinitions } from './shipped-definitions.ts';

/** The account of a resource whose object names no account. No AWS account has this number. */
const PLACEHOLDER_ACCOUNT = '000000000000';
const DEFAULT_REGION = 'us-west-2';

/** AWS errors after which ACK controllers do not retry. */
const TERMINAL: ReadonlySet<string> = new Set([
  'InvalidParameter',
  'InvalidParameterValue',
  'InvalidParameterCombination',
  'ValidationException',
  'MalformedPolicyDocument',
  'BucketAlreadyExists',
]);

/**
 * Simulates the AWS Controllers for Kubernetes, for the kinds of all services. Installs the CustomResourceDefinitions
 * of S3 buckets and DynamoDB tables. The user installs those of other services. No AWS account is used.
 */
export const ackStandIn: StandIn = {
  name: 'ack',
  definitions: () => shippedDefinitions('dynamodb.services.k8s.aws', 's3.services.k8s.aws'),
  kinds: [
    {
      group: '*.services.k8s.aws',
      finalizer: ({ apiVersion, kind }) => `finalizers.${parseApiVersion(apiVersion).group}/${kind}`,
      reconcile(object, view) {
        if (view.failure !== undefined)
          return failed(object, view, `${view.failure.reason}: ${view.failure.message}`, view.failure.reason);
        const isDone = view.completedSteps(1) > 0;
        const synced: StandInCondition = isDone
          ? { type: 'ACK.ResourceSynced', status: 'True', message: 'Resource synced successfully' }
          : {
              type: 'ACK.ResourceSynced',
              status: 'False',
              reason: 'resource is being created',
              message: 'Resource not synced',
            };
        return statusOf(object, view, [synced], isDone);
      },
      finalize(object, view) {
        if (view.failure === undefined) return undefined;
        const cause = `${view.failure.reason}: ${view.failure.message}`;
        return { ...failed(object, view, cause, view.failure.reason), unfinished: true };
      },
    },
  ],
};

function failed(object: KubeObject, view: StandInView, message: string, reason: string): StandInResult {
  const conditions: readonly StandInCondition[] = TERMINAL.has(reason)
    ? [
        { type: 'ACK.Terminal', status: 'True', message },
        {
          type: 'ACK.ResourceSynced',
          status: 'False',
          reason: 'resource is in terminal condition',
          message: 'Resource not synced',
        },
      ]
    : [
        { type: 'ACK.Recoverable', status: 'True', message },
        {
          type: 'ACK.ResourceSynced',
          status: 'Unknown',
          reason: message,
          message: 'Unable to determine if desired resource state matches latest observed state',
        },
      ];
  return statusOf(object, view, conditions, false);
}

function statusOf(
  object: KubeObject,
  view: StandInView,
  conditions: readonly StandInCondition[],
  isDone: boolean,
): StandInResult {
  const service = parseApiVersion(object.apiVersion).group.split('.')[0] ?? '';
  const annotations = object.metadata.annotations ?? {};
  const region = annotations['services.k8s.aws/region'] ?? DEFAULT_REGION;
  const ownerAccountID = annotations['services.k8s.aws/owner-account-id'] ?? PLACEHOLDER_ACCOUNT;
  const name = nameInAws(object);
  const arn =
    service === 's3' && object.kind === 'Bucket'
      ? `arn:aws:s3:::${name}`
      : `arn:aws:${service}:${region}:${ownerAccountID}:${object.kind.toLowerCase()}/${name}`;
  const isMade = isDone || textAt(object.status, 'ackResourceMetadata', 'arn') !== '';
  return {
    status: {
      ...object.status,
      ackResourceMetadata: { ...(isMade ? { arn } : {}), ownerAccountID, region },
      conditions: view.conditions(conditions),
      ...OBSERVED.get(object.kind)?.({ object, view, name, region, ownerAccountID, isDone }),
    },
  };
}

/**
 * Returns the name of the resource in AWS. This is the first of these that is set: `spec.name`, the member that is
 * named after the kind (such as `tableName`), `dbInstanceIdentifier`, the name of the object.
 */
function nameInAws({ kind, spec, metadata }: KubeObject): string {
  const member = `${kind.charAt(0).toLowerCase()}${kind.slice(1)}Name`;
  return textAt(spec, 'name') || textAt(spec, member) || textAt(spec, 'dbInstanceIdentifier') || (metadata.name ?? '');
}

interface ObservedInputs {
  readonly object: KubeObject;
  readonly view: StandInView;
  readonly name: string;
  readonly region: string;
  readonly ownerAccountID: string;
  readonly isDone: boolean;
}

/** Maps a kind to a function that returns the data that AWS reports about a resource. Contains only some kinds. */
const OBSERVED: ReadonlyMap<string, (inputs: ObservedInputs) => JsonObject> = new Map(
  Object.entries({
    Bucket: ({ name, isDone }) => (isDone ? { location: `http://${name}.s3.amazonaws.com/` } : {}),
    Table: ({ object, view, isDone }) => ({
      tableStatus: isDone ? 'ACTIVE' : 'CREATING',
      tableID: uuidOf(object),
      creationDateTime: object.status?.['creationDateTime'] ?? view.timestamp,
      itemCount: 0,
      tableSizeBytes: 0,
    }),
    Queue: ({ name, region, ownerAccountID, isDone }) =>
      isDone ? { queueURL: `https://sqs.${region}.amazonaws.com/${ownerAccountID}/${name}` } : {},
    DBInstance: ({ object, name, region, isDone }) => ({
      dbInstanceStatus: isDone ? 'available' : 'creating',
      ...(isDone
        ? {
            endpoint: {
              address: `${name}.stand-in.${region}.rds.amazonaws.com`,
              port: textAt(object.spec, 'engine').includes('mysql') ? 3306 : 5432,
            },
          }
        : {}),
    }),
  }),
);

function uuidOf({ metadata }: KubeObject): string {
  const hex = createHash('sha256')
    .update(metadata.uid ?? '')
    .digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
