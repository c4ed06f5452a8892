import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { type Cluster, createEmbeddedCluster } from '../index.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await createEmbeddedCluster({ controllers: false });
});
afterAll(() => cluster.close());

interface Reply {
  readonly code: number;
  readonly body: JsonObject & {
    readonly details?: { readonly causes?: readonly { field: string; message: string }[] };
  };
}

async function send(
  method: string,
  path: string,
  body: JsonObject | Buffer,
  type = 'application/json',
): Promise<Reply> {
  const content = Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const headers = { 'content-type': type };
  const answer = await cluster.transport().request({ method, path, headers, body: content });
  let text = '';
  for await (const chunk of answer.body) text += Buffer.from(chunk).toString();
  return { code: answer.status, body: JSON.parse(text) };
}

const FLOW = '/apis/flowcontrol.apiserver.k8s.io/v1';
const DEVICES = '/apis/resource.k8s.io/v1';
const PATHS = {
  FlowSchema: ['flowcontrol.apiserver.k8s.io/v1', `${FLOW}/flowschemas`],
  PriorityLevelConfiguration: ['flowcontrol.apiserver.k8s.io/v1', `${FLOW}/prioritylevelconfigurations`],
  DeviceClass: ['resource.k8s.io/v1', `${DEVICES}/deviceclasses`],
  ResourceClaim: ['resource.k8s.io/v1', `${DEVICES}/namespaces/default/resourceclaims`],
  ResourceClaimTemplate: ['resource.k8s.io/v1', `${DEVICES}/namespaces/default/resourceclaimtemplates`],
  ResourceSlice: ['resource.k8s.io/v1', `${DEVICES}/resourceslices`],
} as const;
type Kind = keyof typeof PATHS;

function create(kind: Kind, name: string, spec: JsonObject): Promise<Reply> {
  const [apiVersion, path] = PATHS[kind];
  return send('POST', path, { apiVersion, kind, metadata: { name }, spec });
}

const problems = ({ body }: Reply) => (body.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);

const level = { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } };
const subject = { kind: 'Group', group: { name: 'g' } };
const resourceRule = { verbs: ['get'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] };
const schema = (change: JsonObject = {}): JsonObject => ({
  priorityLevelConfiguration: { name: 'level' },
  rules: [{ subjects: [subject], resourceRules: [resourceRule] }],
  ...change,
});
const request = (exactly: JsonObject): JsonObject => ({ devices: { requests: [{ name: 'gpu', exactly }] } });
const slice = (change: JsonObject = {}): JsonObject => ({
  driver: 'gpu.example.com',
  nodeName: 'n',
  pool: { name: 'n', generation: 1, resourceSliceCount: 1 },
  devices: [{ name: 'd0' }],
  ...change,
});

test.each<[Kind, JsonObject, JsonObject]>([
  ['FlowSchema', schema(), { spec: { matchingPrecedence: 1000 }, status: {} }],
  [
    'PriorityLevelConfiguration',
    level,
    {
      spec: {
        limited: {
          nominalConcurrencyShares: 30,
          lendablePercent: 0,
          limitResponse: { queuing: { handSize: 8, queues: 64, queueLengthLimit: 50 } },
        },
      },
    },
  ],
  [
    'ResourceClaim',
    request({ deviceClassName: 'c' }),
    { spec: request({ deviceClassName: 'c', allocationMode: 'ExactCount', count: 1 }), status: {} },
  ],
  [
    'ResourceClaimTemplate',
    { spec: { devices: { requests: [{ name: 'a', firstAvailable: [{ name: 'b', deviceClassName: 'c' }] }] } } },
    { spec: { spec: { devices: { requests: [{ firstAvailable: [{ allocationMode: 'ExactCount', count: 1 }] }] } } } },
  ],
  ['ResourceSlice', slice(), { metadata: { generation: 1 }, spec: { devices: [{ name: 'd0' }] } }],
  ['DeviceClass', { selectors: [{ cel: { expression: 'true' } }] }, { metadata: { generation: 1 } }],
])('a %s gets its defaults', async (kind, spec, expected) => {
  const reply = await create(kind, 'defaults', spec);
  expect(reply).toMatchObject({ code: 201, body: expected });
});

test.each<[string, Kind, JsonObject, string[]]>([
  [
    'a FlowSchema without a priority level',
    'FlowSchema',
    {},
    ['spec.priorityLevelConfiguration.name: Required value: must reference a priority level'],
  ],
  [
    'a FlowSchema with the precedence 1',
    'FlowSchema',
    schema({ matchingPrecedence: 1 }),
    [`spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1`],
  ],
  [
    'a FlowSchema with a large precedence and an unknown method',
    'FlowSchema',
    schema({ matchingPrecedence: 10_001, distinguisherMethod: { type: 'x' } }),
    [
      'spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000',
      'spec.distinguisherMethod.type: Unsupported value: "x": supported values: "ByNamespace", "ByUser"',
    ],
  ],
  [
    'a rule without members',
    'FlowSchema',
    schema({ rules: [{}] }),
    [
      'spec.rules[0].subjects: Required value: subjects must contain at least one value',
      'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
    ],
  ],
  [
    'a rule with subjects whose members belong to another kind',
    'FlowSchema',
    schema({
      rules: [
        {
          subjects: [
            { kind: 'User', group: { name: 'g' } },
            { kind: 'ServiceAccount', serviceAccount: { name: '', namespace: '' } },
            { kind: 'x' },
          ],
          resourceRules: [resourceRule],
        },
      ],
    }),
    [
      `spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'`,
      `spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'`,
      'spec.rules[0].subjects[1].serviceAccount.name: Required value',
      'spec.rules[0].subjects[1].serviceAccount.namespace: Required value: must specify namespace for service account',
      'spec.rules[0].subjects[2].kind: Unsupported value: "x": supported values: "Group", "ServiceAccount", "User"',
    ],
  ],
  [
    'resource rules with a wildcard next to other members, without resources, and with an invalid namespace',
    'FlowSchema',
    schema({
      rules: [
        {
          subjects: [subject],
          resourceRules: [{ verbs: ['*', 'get'], apiGroups: ['*', 'a'], resources: [], namespaces: ['A'] }],
        },
      ],
    }),
    [
      `spec.rules[0].resourceRules[0].verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`,
      `spec.rules[0].resourceRules[0].apiGroups: Invalid value: ["*","a"]: if '*' is present, must not specify other api groups`,
      'spec.rules[0].resourceRules[0].resources: Required value: resource rules must supply at least one resource',
      `spec.rules[0].resourceRules[0].namespaces[0]: Invalid value: "A": each member of this list must be '*' or a DNS-1123 label; a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
    ],
  ],
  [
    'invalid paths',
    'FlowSchema',
    schema({
      rules: [
        {
          subjects: [subject],
          nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['', 'a', '/a b', '/a//b', '/*/b', '/ok/*'] }],
        },
      ],
    }),
    [
      'must not be empty',
      'must start with slash',
      'must not contain white-space',
      'must not contain double slash',
      'wildcard can only do suffix matching',
    ].map(
      (text, index) =>
        `spec.rules[0].nonResourceRules[0].nonResourceURLs[${index}]: Invalid value: ${JSON.stringify(['', 'a', '/a b', '/a//b', '/*/b'][index])}: ${text}`,
    ),
  ],
  ['a priority level without a type', 'PriorityLevelConfiguration', {}, ['spec.type: Required value']],
  [
    'an exempt priority level with a name other than exempt',
    'PriorityLevelConfiguration',
    { type: 'Exempt', limited: { limitResponse: { type: 'Reject' } } },
    [
      `spec.type: Invalid value: "Exempt": must be 'Exempt' if and only if \`name\` is 'exempt'`,
      'spec.limited: Forbidden: must be nil if the type is not Limited',
    ],
  ],
  [
    'numbers of a priority level that are out of range',
    'PriorityLevelConfiguration',
    {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares: -1,
        lendablePercent: 101,
        borrowingLimitPercent: -1,
        limitResponse: { type: 'Queue', queuing: { queues: 1024, handSize: 7, queueLengthLimit: -1 } },
      },
    },
    [
      'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
      'spec.limited.limitResponse.queuing.queueLengthLimit: Invalid value: -1: must be positive',
      'spec.limited.limitResponse.queuing.handSize: Invalid value: 7: required entropy bits of deckSize 1024 and handSize 7 should not be greater than 60',
      'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
      'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
    ],
  ],
  [
    'a request without devices',
    'ResourceClaim',
    { devices: { requests: [{ name: 'a' }, { name: 'a' }] } },
    [
      'spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required',
      'spec.devices.requests[1]: Required value: exactly one of `exactly` or `firstAvailable` is required',
      'spec.devices.requests[1]: Duplicate value: "a"',
    ],
  ],
  [
    'a request for devices without a class, with an empty selector and with a count that its mode forbids',
    'ResourceClaim',
    request({ allocationMode: 'All', count: 2, selectors: [{}] }),
    [
      'spec.devices.requests[0].exactly.deviceClassName: Required value',
      'spec.devices.requests[0].exactly.selectors[0].cel: Required value',
      `spec.devices.requests[0].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'`,
    ],
  ],
  [
    'a ResourceSlice that names no nodes',
    'ResourceSlice',
    { ...slice({ pool: { name: '', generation: -1, resourceSliceCount: 0 } }), nodeName: '' },
    [
      'spec.pool.name: Required value',
      'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero',
      'spec.pool.generation: Invalid value: -1: must be greater than or equal to zero',
      'spec.nodeName: Invalid value: "": must be either unset or set to a non-empty string',
      'spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required',
    ],
  ],
  [
    'a ResourceSlice that names its nodes in two ways',
    'ResourceSlice',
    slice({ allNodes: true }),
    [
      'spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set',
    ],
  ],
])('an invalid object is refused: %s', async (_title, kind, spec, expected) => {
  const reply = await create(kind, 'refused', spec);
  expect(problems(reply)).toEqual(expected);
  expect(reply.code).toBe(422);
});

describe('a ResourceClaim', () => {
  const path = `${DEVICES}/namespaces/default/resourceclaims/claim`;
  const patch = (suffix: string, change: JsonObject) =>
    send('PATCH', `${path}${suffix}`, change, 'application/merge-patch+json');
  const allocation = { devices: { results: [{ request: 'gpu', driver: 'd.io', pool: 'p', device: 'x' }] } };
  const consumer = { resource: 'pods', name: 'p', uid: 'u' };

  test('has an immutable specification, and a status that a driver writes', async () => {
    await create('ResourceClaim', 'claim', request({ deviceClassName: 'c' }));
    expect(problems(await patch('', { spec: request({ deviceClassName: 'other' }) }))).toEqual([
      expect.stringContaining('field is immutable'),
    ]);
    expect(problems(await patch('/status', { status: { reservedFor: [consumer] } }))).toEqual([
      'status.reservedFor: Forbidden: may not be specified when `allocated` is not set',
    ]);
    const written = await patch('/status', { status: { allocation, reservedFor: [consumer] } });
    expect(written).toMatchObject({ code: 200, body: { status: { allocation, reservedFor: [consumer] } } });
    expect(problems(await patch('/status', { status: { allocation: { devices: null } } }))).toEqual([
      expect.stringContaining('status.allocation: Invalid value'),
    ]);
    expect((await patch('/status', { status: { allocation: null, reservedFor: null } })).body['status']).toEqual({});
  });
});

test.each(['FlowSchema', 'PriorityLevelConfiguration'] as const)('a status patch of a %s is stored', async (kind) => {
  const [, path] = PATHS[kind];
  await create(kind, 'status', kind === 'FlowSchema' ? schema() : level);
  const conditions = [{ type: 'Dangling', status: 'False', reason: 'Found' }];
  for (const type of ['application/merge-patch+json', 'application/strategic-merge-patch+json']) {
    const reply = await send('PATCH', `${path}/status/status`, { status: { conditions } }, type);
    expect(reply).toMatchObject({ code: 200, body: { status: { conditions } } });
  }
});

/** Encodes a length-delimited field of a protobuf message. */
function field(number: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

/** Encodes an object as the API's protobuf media type: the prefix, the type, and the object. */
function envelope(apiVersion: string, kind: string, object: Buffer): Buffer {
  const type = field(1, Buffer.concat([field(1, apiVersion), field(2, kind)]));
  return Buffer.concat([Buffer.from('k8s\0'), type, field(2, object)]);
}

test('objects can be sent as protobuf', async () => {
  const metadata = field(1, field(1, 'proto'));
  const exactly = field(2, field(1, 'c'));
  const claim = Buffer.concat([metadata, field(2, field(1, field(1, Buffer.concat([field(1, 'gpu'), exactly]))))]);
  const claims = await send(
    'POST',
    PATHS.ResourceClaim[1],
    envelope('resource.k8s.io/v1', 'ResourceClaim', claim),
    'application/vnd.kubernetes.protobuf',
  );
  expect(claims).toMatchObject({
    code: 201,
    body: { spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'c', count: 1 } }] } } },
  });
  const flow = Buffer.concat([metadata, field(2, field(1, field(1, 'level')))]);
  const flows = await send(
    'POST',
    PATHS.FlowSchema[1],
    envelope('flowcontrol.apiserver.k8s.io/v1', 'FlowSchema', flow),
    'application/vnd.kubernetes.protobuf',
  );
  expect(flows).toMatchObject({ code: 201, body: { spec: { priorityLevelConfiguration: { name: 'level' } } } });
});
