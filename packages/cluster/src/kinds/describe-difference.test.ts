import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { internalValue } from './describe-difference.ts';
import { validateContainerSecurity } from './pods/pod-security.ts';
import { Problems } from '../errors/field-problems.ts';

const container = (more: JsonObject): [string, JsonObject] => ['core.v1.Container', { name: 'c', ...more }];
const volume = (source: JsonObject): [string, JsonObject] => ['core.v1.Volume', { name: 'v', ...source }];
const fieldPath = { apiVersion: 'v1', fieldPath: 'metadata.name' };

test.each<[string, [string, JsonObject], JsonObject]>([
  [
    'a probe over HTTP',
    container({ livenessProbe: { httpGet: { port: 80, httpHeaders: [] } } }),
    { LivenessProbe: { HTTPGet: { Port: 80, HTTPHeaders: [] } } },
  ],
  [
    'probes over TCP and gRPC',
    container({ livenessProbe: { tcpSocket: { port: 80 } }, startupProbe: { grpc: { port: 80 } } }),
    { LivenessProbe: { TCPSocket: { Port: 80 } }, StartupProbe: { GRPC: { Port: 80 } } },
  ],
  [
    'a reference to a field',
    container({ env: [{ name: 'e', valueFrom: { fieldRef: fieldPath } }] }),
    { Env: [{ ValueFrom: { FieldRef: { APIVersion: 'v1', FieldPath: 'metadata.name' } } }] },
  ],
  [
    'the options of Windows',
    container({ securityContext: { windowsOptions: { gmsaCredentialSpecName: 'x' } } }),
    { SecurityContext: { WindowsOptions: { GMSACredentialSpecName: 'x', GMSACredentialSpec: null } } },
  ],
  ['a host alias', ['core.v1.HostAlias', { ip: '1.2.3.4' }], { IP: '1.2.3.4' }],
  [
    'a reference to an object',
    ['core.v1.ObjectReference', { uid: 'u', apiVersion: 'v1' }],
    { UID: 'u', APIVersion: 'v1' },
  ],
  ['a data source', ['core.v1.TypedLocalObjectReference', { apiGroup: 'a.b' }], { APIGroup: 'a.b' }],
  [
    'a disk of Google Cloud',
    volume({ gcePersistentDisk: { pdName: 'x', fsType: 'ext4' } }),
    { GCEPersistentDisk: { PDName: 'x', FSType: 'ext4' } },
  ],
  ['a disk of Azure', volume({ azureDisk: { diskURI: 'x' } }), { AzureDisk: { DataDiskURI: 'x' } }],
  [
    'a volume over iSCSI',
    volume({ iscsi: { iqn: 'x', iscsiInterface: 'y', chapAuthSession: true } }),
    { ISCSI: { IQN: 'x', ISCSIInterface: 'y', DiscoveryCHAPAuth: false, SessionCHAPAuth: true } },
  ],
  ['a volume over Fibre Channel', volume({ fc: { wwids: ['x'] } }), { FC: { WWIDs: ['x'] } }],
  [
    'a block device of Ceph',
    volume({ rbd: { image: 'x', monitors: ['m'], pool: 'p', user: 'u' } }),
    { RBD: { RBDImage: 'x', CephMonitors: ['m'], RBDPool: 'p', RadosUser: 'u' } },
  ],
  [
    'a file system of Ceph',
    volume({ cephfs: { monitors: ['m'], user: 'u' } }),
    { CephFS: { Monitors: ['m'], User: 'u' } },
  ],
  ['a volume of Gluster', volume({ glusterfs: { endpoints: 'x' } }), { Glusterfs: { EndpointsName: 'x' } }],
  ['a volume of ScaleIO', volume({ scaleIO: { sslEnabled: true } }), { ScaleIO: { SSLEnabled: true } }],
  [
    'a field with a label selector, whose members keep their JSON names,',
    ['core.v1.TopologySpreadConstraint', { labelSelector: { matchLabels: { b: '1', a: '2' } } }],
    { LabelSelector: { matchLabels: { a: '2', b: '1' } } },
  ],
  [
    'a field with a label selector expression',
    ['core.v1.TopologySpreadConstraint', { labelSelector: { matchExpressions: [{ key: 'k', operator: 'Exists' }] } }],
    { LabelSelector: { matchExpressions: [{ key: 'k', operator: 'Exists' }] } },
  ],
  [
    'a claim template, whose metadata is inlined,',
    volume({ ephemeral: { volumeClaimTemplate: { metadata: { labels: { a: 'b' } }, spec: { volumeName: 'v' } } } }),
    { Ephemeral: { VolumeClaimTemplate: { labels: { a: 'b' }, Spec: { VolumeName: 'v' } } } },
  ],
])('%s is printed with the field names of the internal type', (_, [type, value], expected) => {
  expect(internalValue(type, value)).toMatchObject(expected);
});

test('the internal form of a label selector has only the members that are set', () => {
  const constraint = internalValue('core.v1.TopologySpreadConstraint', { labelSelector: { matchLabels: {} } });
  expect((constraint as JsonObject)['LabelSelector']).toEqual({});
});

test('a refused security context is printed with all members', () => {
  const problems = new Problems();
  const context = { privileged: true, allowPrivilegeEscalation: false, seLinuxOptions: { level: 's0' } };
  validateContainerSecurity({ securityContext: context }, {}, 'x', problems);
  expect(problems.map(({ message }) => message)).toEqual([
    'Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOptions":{"User":"","Role":"","Type":"","Level":"s0"},"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
  ]);
});
