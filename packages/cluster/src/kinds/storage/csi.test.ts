import { expect, test } from 'vitest';
import { startClusterStory } from '../../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import {
  attachmentStrategy,
  attributesClassStrategy,
  csiNodeStrategy,
  driverStrategy,
  storageCapacityStrategy,
} from './csi.ts';
import type { Strategy, WriteContext } from '../strategy.ts';
import { Problems } from '../../errors/field-problems.ts';

const STRATEGIES = {
  CSIDriver: driverStrategy,
  CSINode: csiNodeStrategy,
  CSIStorageCapacity: storageCapacityStrategy,
  VolumeAttachment: attachmentStrategy,
  VolumeAttributesClass: attributesClassStrategy,
} satisfies Record<string, Partial<Strategy>>;
type Kind = keyof typeof STRATEGIES;

function made(kind: Kind, parts: JsonObject): KubeObject {
  const object = { apiVersion: 'storage.k8s.io/v1', kind, metadata: { name: 'x' }, ...structuredClone(parts) };
  STRATEGIES[kind].defaults?.(object);
  return object;
}

function problems(kind: Kind, next: JsonObject, before?: JsonObject): string[] {
  const found = new Problems();
  const context = { subresource: '' } as WriteContext;
  STRATEGIES[kind].validate?.(made(kind, next), found, context, before && made(kind, before));
  return found.map(({ field, message }) => `${field}: ${message}`);
}

const IS_SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const IS_QUALIFIED =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LONG = 'x'.repeat(64);

const driver = (more: JsonObject = {}): JsonObject => ({ name: 'a.example.com', nodeID: 'n', ...more });
const drivers = (...list: JsonObject[]): JsonObject => ({ spec: { drivers: list } });
const attachment = (source: JsonObject, more: JsonObject = {}, status: JsonObject = {}): JsonObject => ({
  spec: { attacher: 'a.example.com', nodeName: 'n', source, ...more },
  status,
});
const inline = (more: JsonObject = {}): JsonObject => ({
  inlineVolumeSpec: { accessModes: ['ReadWriteOnce'], csi: { driver: 'd', volumeHandle: 'h' }, ...more },
});
const ONE = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
const FOREIGN = 'Forbidden: may not be specified in the context of inline volumes';
const INLINE = 'spec.source.inlineVolumeSpec';

test.each<[Kind, string, JsonObject, string[]]>([
  ['CSIDriver', 'nothing', { spec: {} }, []],
  [
    'CSIDriver',
    'unknown policy and mode values, and a short period',
    { spec: { fsGroupPolicy: 'x', volumeLifecycleModes: ['Persistent', 'y'], nodeAllocatableUpdatePeriodSeconds: 9 } },
    [
      'spec.fsGroupPolicy: Unsupported value: "x": supported values: "File", "None", "ReadWriteOnceWithFSType"',
      'spec.volumeLifecycleModes: Unsupported value: "y": supported values: "Persistent", "Ephemeral"',
      'spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds',
    ],
  ],
  [
    'CSIDriver',
    'wrong token requests',
    {
      spec: {
        tokenRequests: [
          { audience: '', expirationSeconds: 599 },
          { audience: 'a', expirationSeconds: 4_294_967_297 },
          { audience: '', expirationSeconds: 1 },
          { audience: 'b', expirationSeconds: 600 },
        ],
      },
    },
    [
      'spec.tokenRequests[0].expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
      'spec.tokenRequests[1].expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
      'spec.tokenRequests[2].audience: Duplicate value: ""',
    ],
  ],
  [
    'CSIDriver',
    'serviceAccountTokenInSecrets without tokenRequests',
    { spec: { serviceAccountTokenInSecrets: false } },
    [
      'spec.serviceAccountTokenInSecrets: Invalid value: false: serviceAccountTokenInSecrets is set but no tokenRequests are specified',
    ],
  ],
  ['CSINode', 'two drivers', drivers(driver(), driver({ name: 'B', topologyKeys: ['a', 'b.com/c'] })), []],
  [
    'CSINode',
    'wrong drivers',
    drivers(
      driver({ name: '', nodeID: '' }),
      driver({ name: `${LONG}_`, nodeID: 'x'.repeat(257), allocatable: { count: -1 } }),
    ),
    [
      'spec.drivers[0].name: Required value',
      'spec.drivers[0].nodeID: Required value',
      'spec.drivers[1].name: Too long: may not be more than 63 bytes',
      `spec.drivers[1].name: Invalid value: "${LONG}_": ${IS_SUBDOMAIN}`,
      `spec.drivers[1].nodeID: Invalid value: "${'x'.repeat(257)}": must be 256 characters or less`,
      'spec.drivers[1].allocatable.count: Invalid value: -1: must be greater than or equal to 0',
    ],
  ],
  [
    'CSINode',
    'repeated drivers and invalid topology keys',
    drivers(driver(), driver({ topologyKeys: ['k', 'k', ''] })),
    [
      'spec.drivers[1].name: Duplicate value: "a.example.com"',
      'spec.drivers[1]: Duplicate value: "k"',
      'spec.drivers[1]: Required value',
      'spec.drivers[1]: Invalid value: "": name part must be non-empty',
      `spec.drivers[1]: Invalid value: "": ${IS_QUALIFIED}`,
    ],
  ],
  ['CSIStorageCapacity', 'a class', { storageClassName: 'c', capacity: '1Gi' }, []],
  [
    'CSIStorageCapacity',
    'no class, an invalid selector and a negative capacity',
    { nodeTopology: { matchExpressions: [{ key: 'a', operator: 'In' }] }, capacity: '-1' },
    [
      "nodeTopology.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      `storageClassName: Invalid value: "": ${IS_SUBDOMAIN}`,
      'capacity: Invalid value: "-1": must be greater than or equal to 0',
    ],
  ],
  ['VolumeAttachment', 'a volume', attachment({ persistentVolumeName: 'v' }), []],
  ['VolumeAttachment', 'an inline volume', attachment(inline({ persistentVolumeReclaimPolicy: 'Retain' })), []],
  [
    'VolumeAttachment',
    'no attacher, no node and no source',
    attachment({}, { attacher: '', nodeName: '' }),
    [
      'spec.attacher: Required value',
      `spec.source: Required value: ${ONE}`,
      `spec.nodeName: Invalid value: "": ${IS_SUBDOMAIN}`,
    ],
  ],
  [
    'VolumeAttachment',
    'two sources',
    attachment({ ...inline(), persistentVolumeName: 'v' }),
    [`spec.source: Forbidden: ${ONE}`],
  ],
  [
    'VolumeAttachment',
    'an empty name',
    attachment({ persistentVolumeName: '' }),
    [
      'spec.source.persistentVolumeName: Required value: must specify non empty persistentVolumeName',
      `spec.source.persistentVolumeName: Invalid value: "": ${IS_SUBDOMAIN}`,
    ],
  ],
  [
    'VolumeAttachment',
    'an inline volume that belongs to a claim',
    attachment(
      inline({
        claimRef: { name: 'c' },
        capacity: { storage: '1Gi' },
        accessModes: [],
        persistentVolumeReclaimPolicy: 'Delete',
        nodeAffinity: {},
        csi: { driver: '', volumeHandle: '' },
      }),
    ),
    [
      `${INLINE}.claimRef: ${FOREIGN}`,
      `${INLINE}.capacity: ${FOREIGN}`,
      `${INLINE}.accessModes: Required value`,
      `${INLINE}.persistentVolumeReclaimPolicy: Forbidden: may only be Retain in the context of inline volumes`,
      `${INLINE}.nodeAffinity: ${FOREIGN}`,
      `${INLINE}.csi.driver: Required value`,
      `${INLINE}.csi.volumeHandle: Required value`,
    ],
  ],
  [
    'VolumeAttachment',
    'an inline volume of another type',
    attachment({ inlineVolumeSpec: { accessModes: ['ReadWriteOnce'], nfs: { server: 's', path: '/' } } }),
    [`${INLINE}.csi: Required value: has to be specified in the context of inline volumes`],
  ],
  [
    'VolumeAttachment',
    'a status with values that are too large or negative',
    attachment(
      { persistentVolumeName: 'v' },
      {},
      {
        attachmentMetadata: { a: 'x'.repeat(256 * 1024) },
        attachError: { message: 'x'.repeat(1025) },
        detachError: { message: 'x', errorCode: -1 },
      },
    ),
    [
      'status.attachmentMetadata: Too long: may not be more than 262144 bytes',
      'status.attachError.message: Too long: may not be more than 262144 bytes',
      'status.detachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive',
    ],
  ],
  ['VolumeAttributesClass', 'parameters', { driverName: 'd', parameters: { a: 'b' } }, []],
  [
    'VolumeAttributesClass',
    'nothing',
    {},
    ['driverName: Required value', 'parameters: Required value: must contain at least one key/value pair'],
  ],
  [
    'VolumeAttributesClass',
    'too large parameters',
    { driverName: 'd', parameters: { '': 'x'.repeat(256 * 1024 + 1) } },
    [
      'parameters: Invalid value: "": field can not be empty.',
      'parameters: Too long: may not be more than 262144 bytes',
    ],
  ],
  [
    'VolumeAttributesClass',
    'too many parameters',
    { driverName: 'd', parameters: Object.fromEntries(Array.from({ length: 513 }, (_, index) => [String(index), ''])) },
    ['parameters: Too long: may not be more than 512 bytes'],
  ],
])('a %s with %s has the problems that an API server reports', (kind, _title, object, expected) => {
  expect(problems(kind, object)).toEqual(expected);
});

test.each<[Kind, string, JsonObject, JsonObject, string[]]>([
  [
    'CSIDriver',
    'may not change attachRequired and volumeLifecycleModes',
    { spec: { attachRequired: false, volumeLifecycleModes: ['Ephemeral'], podInfoOnMount: true } },
    { spec: {} },
    [
      'spec.attachedRequired: Invalid value: false: field is immutable',
      'spec.volumeLifecycleModes: Invalid value: ["Ephemeral"]: field is immutable',
    ],
  ],
  [
    'CSINode',
    'may change the allocatable volume count of a driver',
    drivers(driver({ allocatable: { count: 2 } })),
    drivers(driver()),
    [],
  ],
  ['CSINode', 'may replace drivers', drivers(driver({ name: 'b' })), drivers(driver()), []],
  [
    'CSINode',
    'may not change the node ID of a driver',
    drivers(driver({ nodeID: 'm' })),
    drivers(driver()),
    [
      'spec.drivers: Invalid value: {"Name":"a.example.com","NodeID":"m","TopologyKeys":null,"Allocatable":null}: field is immutable',
    ],
  ],
  [
    'CSIStorageCapacity',
    'may not change its class and node topology',
    { storageClassName: 'd', nodeTopology: { matchLabels: { a: 'b' } }, capacity: '1' },
    { storageClassName: 'c' },
    [
      'nodeTopology: Invalid value: {"matchLabels":{"a":"b"}}: field is immutable',
      'storageClassName: Invalid value: "d": field is immutable',
    ],
  ],
  [
    'VolumeAttachment',
    'may not change its specification',
    attachment({ persistentVolumeName: 'w' }),
    attachment({ persistentVolumeName: 'v' }),
    [
      'spec: Invalid value: {"Attacher":"a.example.com","Source":{"PersistentVolumeName":"w","InlineVolumeSpec":null},"NodeName":"n"}: field is immutable',
    ],
  ],
  [
    'VolumeAttributesClass',
    'may not change its driver and parameters',
    { driverName: 'e', parameters: { a: 'c' } },
    { driverName: 'd', parameters: { a: 'b' } },
    [
      'driverName: Forbidden: updates to driverName are forbidden.',
      'parameters: Forbidden: updates to parameters are forbidden.',
    ],
  ],
])('an update of a %s %s', (kind, _title, next, before, expected) => {
  expect(problems(kind, next, before)).toEqual(expected);
});

test('a field that belongs to a disabled feature is removed', async () => {
  await using story = await startClusterStory({ controllers: false });
  const created = await story.client.create(made('CSIDriver', { spec: { preventPodSchedulingIfMissing: true } }));
  expect(created.spec).not.toHaveProperty('preventPodSchedulingIfMissing');
});

test('a write after which a driver begins to get tokens in volume attributes causes a warning', () => {
  const warnings = (next: JsonObject, before?: JsonObject) =>
    driverStrategy.warnings?.(
      made('CSIDriver', { spec: next }),
      before === undefined ? undefined : made('CSIDriver', { spec: before }),
    );
  const tokens = { tokenRequests: [{ audience: 'a' }] };
  const text =
    'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes';
  expect([
    warnings(tokens),
    warnings(tokens, {}),
    warnings(tokens, tokens),
    warnings({ ...tokens, serviceAccountTokenInSecrets: true }),
    warnings({}),
  ]).toEqual([[text], [text], [], [], []]);
});

test('a new VolumeAttributesClass has the protection finalizer, and a write of the status of a VolumeAttachment changes only the status', async () => {
  await using story = await startClusterStory({ controllers: false });
  const created = await story.client.create(made('VolumeAttributesClass', { driverName: 'd', parameters: { a: 'b' } }));
  expect(created.metadata.finalizers).toEqual(['kubernetes.io/vac-protection']);
  await story.client.create(made('VolumeAttachment', attachment({ persistentVolumeName: 'v' })));
  const ref = { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', name: 'x' };
  const change = { metadata: { labels: { a: 'b' } }, spec: { nodeName: 'm' }, status: { attached: true } };
  const written = await story.client.patch(ref, change, { subresource: 'status' });
  expect([written.metadata.labels, written.spec?.['nodeName'], written.status]).toEqual([
    undefined,
    'n',
    { attached: true },
  ]);
});
