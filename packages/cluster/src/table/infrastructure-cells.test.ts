import { expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { columnsOf } from './columns.ts';

const NOW = Date.parse('2026-01-01T00:01:00Z');
const cellsOf = (type: string, parts: JsonObject, metadata: JsonObject = {}) => {
  const object = {
    apiVersion: '',
    kind: '',
    metadata: { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    ...parts,
  };
  const slash = type.lastIndexOf('/');
  const source = { apiVersion: type.slice(0, slash), plural: type.slice(slash + 1), custom: undefined };
  return columnsOf(source).cells(object, NOW);
};

const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', controller: true };
const paramRef = (value: JsonObject) => ({ spec: { policyName: 'p', paramRef: value } });
const BINDING = 'admissionregistration.k8s.io/v1/validatingadmissionpolicybindings';
const REQUEST = 'certificates.k8s.io/v1/certificatesigningrequests';
const LEVEL = 'flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations';

const rows: readonly (readonly [
  type: string,
  parts: JsonObject,
  cells: readonly JsonValue[],
  metadata?: JsonObject,
])[] = [
  ['apps/v1/controllerrevisions', { revision: 2 }, ['a', '<none>', 2, '60s']],
  [
    'apps/v1/controllerrevisions',
    { revision: 3 },
    ['a', 'statefulset.apps/db', 3, '60s'],
    { ownerReferences: [owner] },
  ],
  ['apiregistration.k8s.io/v1/apiservices', { spec: {} }, ['a', 'Local', 'Unknown', '60s']],
  [
    'apiregistration.k8s.io/v1/apiservices',
    {
      spec: { service: { namespace: 'n', name: 's' } },
      status: { conditions: [{ type: 'Available', status: 'False', reason: 'Gone' }] },
    },
    ['a', 'n/s', 'False (Gone)', '60s'],
  ],
  [
    REQUEST,
    { spec: { signerName: 'x/y', username: 'me', expirationSeconds: 3600 } },
    ['a', '60s', 'x/y', 'me', '60m', 'Pending'],
  ],
  [
    REQUEST,
    { spec: {}, status: { conditions: [{ type: 'Approved' }, { type: 'Failed' }], certificate: 'eA==' } },
    ['a', '60s', '<none>', '', '<none>', 'Approved,Failed,Issued'],
  ],
  [
    'networking.k8s.io/v1/ipaddresses',
    { spec: { parentRef: { group: '', resource: 'services', namespace: 'n', name: 's' } } },
    ['a', 'services/n/s', '60s'],
  ],
  ['storage.k8s.io/v1/csidrivers', { spec: {} }, ['a', true, false, false, '<unset>', false, '<none>', '60s']],
  [
    'storage.k8s.io/v1/csidrivers',
    {
      spec: {
        attachRequired: false,
        tokenRequests: [{ audience: 'x' }, { audience: 'y' }],
        volumeLifecycleModes: ['Persistent'],
      },
    },
    ['a', false, false, false, 'x,y', false, 'Persistent', '60s'],
  ],
  [BINDING, { spec: { policyName: 'p' } }, ['a', 'p', '<unset>', '60s']],
  [BINDING, paramRef({ name: 'x' }), ['a', 'p', '*/x', '60s']],
  [BINDING, paramRef({ name: 'x', namespace: 'n' }), ['a', 'p', 'n/x', '60s']],
  [
    BINDING,
    paramRef({
      selector: {
        matchLabels: { b: '1', a: '2' },
        matchExpressions: [{ key: 'k', operator: 'In', values: ['v', 'w'] }],
      },
    }),
    [
      'a',
      'p',
      '&LabelSelector{MatchLabels:map[string]string{a: 2,b: 1,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[v w],},},}',
      '60s',
    ],
  ],
  ['resource.k8s.io/v1/resourceclaims', { spec: {} }, ['a', 'pending', '60s']],
  [
    'resource.k8s.io/v1/resourceclaims',
    { status: { allocation: {}, reservedFor: [{}] } },
    ['a', 'deleted,allocated,reserved', '60s'],
    { deletionTimestamp: '2026-01-01T00:00:30Z' },
  ],
  [LEVEL, { spec: { type: 'Exempt' } }, ['a', 'Exempt', '<none>', '<none>', '<none>', '<none>', '60s']],
  [
    LEVEL,
    {
      spec: {
        type: 'Limited',
        limited: { nominalConcurrencyShares: 30, limitResponse: { queuing: { queues: 64, handSize: 6 } } },
      },
    },
    ['a', 'Limited', 30, 64, 6, 0, '60s'],
  ],
  [
    'flowcontrol.apiserver.k8s.io/v1/flowschemas',
    { spec: { priorityLevelConfiguration: { name: 'l' }, matchingPrecedence: 9 } },
    ['a', 'l', 9, '<none>', '60s', '?'],
  ],
];

test.each(rows.map((row) => ({ title: `${row[0]} has the cells ${JSON.stringify(row[2])}`, row })))(
  '$title',
  ({ row: [type, parts, cells, metadata] }) => {
    expect(cellsOf(type, parts, metadata)).toEqual(cells);
  },
);
