import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import fc from 'fast-check';
import { Problems } from '../errors/field-problems.ts';
import { internalValue } from './describe-difference.ts';
import { validateContainerSecurity } from './pods/pod-security.ts';
import { unifiedDifference } from './line-difference.ts';

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
  validateContainerSecurity(problems.field('x', { securityContext: context }), {});
  expect(problems.map(({ message }) => message)).toEqual([
    'Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOptions":{"User":"","Role":"","Type":"","Level":"s0"},"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
  ]);
});

const lines = (text: string) => text.split('');

test.each<[string, string, string, string]>([
  ['no change', 'abc', 'abc', ''],
  [
    'a changed line with three lines of context',
    'abcdXefgh',
    'abcdYefgh',
    '@@ -2,7 +2,7 @@\n b\n c\n d\n-X\n+Y\n e\n f\n g\n',
  ],
  ['an insertion at the start', 'a', 'Xa', '@@ -1 +1,2 @@\n+X\n a\n'],
  ['a removal at the end', 'aX', 'a', '@@ -1,2 +1 @@\n a\n-X\n'],
  [
    'changes far apart, in two hunks',
    'Xabcdefgh1Y',
    'xabcdefgh1y',
    '@@ -1,4 +1,4 @@\n-X\n+x\n a\n b\n c\n@@ -8,4 +8,4 @@\n g\n h\n 1\n-Y\n+y\n',
  ],
  ['changes close together, in one hunk', 'XabcY', 'xabcy', '@@ -1,5 +1,5 @@\n-X\n+x\n a\n b\n c\n-Y\n+y\n'],
])('a difference shows %s', (_title, before, after, expected) => {
  expect(unifiedDifference(lines(before), lines(after))).toBe(expected);
});

/** Applies the hunks of a difference to the first list of lines. */
function patch(before: readonly string[], difference: string): string[] {
  const out: string[] = [];
  let next = 0;
  for (const row of difference.split('\n').slice(0, -1)) {
    const header = /^@@ -(\d+)(?:,(\d+))? /.exec(row);
    if (header !== null) {
      const start = Number(header[1]) - (header[2] === '0' ? 0 : 1);
      out.push(...before.slice(next, start));
      next = start;
    } else if (row.startsWith('+')) out.push(row.slice(1));
    else {
      expect(before[next]).toBe(row.slice(1));
      if (row.startsWith(' ')) out.push(row.slice(1));
      next++;
    }
  }
  return [...out, ...before.slice(next)];
}

test('applying a difference to the first text results in the second text, even with repeated lines', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', '{', '}'), { maxLength: 300 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(patch(before, unifiedDifference(before, after))).toEqual(after);
    }),
    { numRuns: 200 },
  );
});

test('the lines between the common start and the common end of very long texts are one change', () => {
  const words = (count: number, from: number) =>
    Array.from({ length: count }, (_, index) => `w${(index + from) % 150}`);
  const [start, end] = [words(50, 0), words(50, 7)];
  const hunk = unifiedDifference([...start, ...words(100_000, 1), ...end], [...start, ...words(100_000, 3), ...end]);
  expect(hunk.slice(0, hunk.indexOf('\n'))).toBe('@@ -48,100006 +48,100006 @@');
  expect(hunk.match(/^[+-]/gm)).toHaveLength(200_000);
});

test('a small change of a long text is a small hunk', () => {
  const lines = Array.from({ length: 100_000 }, (_, index) => `w${index % 150}`);
  const [first, second] = [lines.with(50_000, 'x'), lines.with(50_000, 'y').with(50_002, 'z')];
  expect(unifiedDifference(first, second)).toBe(
    '@@ -49998,9 +49998,9 @@\n w47\n w48\n w49\n-x\n+y\n w51\n-w52\n+z\n w53\n w54\n w55\n',
  );
});
