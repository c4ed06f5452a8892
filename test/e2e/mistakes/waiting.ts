import { DEFINITION, INSTANCE } from './base.ts';
import type { Mistake } from './mistake.ts';

const WAITING = DEFINITION.replace(
  '    - id: deployment\n',
  '    - id: deployment\n      readyWhen:\n        - ${deployment.status.availableReplicas > 0}\n',
);

const simulated = (reason: string): string =>
  WAITING.replace(
    '              labels:\n',
    `              annotations:\n                typekro.dev/simulate-failure: ${reason}\n              labels:\n`,
  );

/** The definition with an additional resource that waits for a condition. */
const withResource = (id: string, readyWhen: string, template: string): string =>
  DEFINITION.replace(
    '  resources:\n',
    `  resources:\n    - id: ${id}\n      readyWhen:\n        - \${${readyWhen}}\n      template: ${template}\n`,
  );

const policy = (kind: string, spec: string): string =>
  `apiVersion: v1\nkind: ${kind}\nmetadata: {name: small, namespace: default}\nspec: ${spec}\n`;

const JOB = `
        {apiVersion: batch/v1, kind: Job, metadata: {name: migrate}, spec: {backoffLimit: 0, template:
        {metadata: {annotations: {typekro.dev/simulate-failure: Error}},
        spec: {restartPolicy: Never, containers: [{name: c, image: a}]}}}}`;
const CLAIM = `
        {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: disk},
        spec: {storageClassName: fast, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`;

type Row = readonly [title: string, place: RegExp, reason: RegExp, remedy: RegExp, shop: string, policy?: string];

const rows: readonly Row[] = [
  [
    'an image that cannot be pulled',
    /Pod default\/first/,
    /ImagePullBackOff \(Pod/,
    /hint for deployment of Shop first: correct registry, name and tag of the image nginx:1\.27/,
    simulated('ImagePullBackOff'),
  ],
  [
    'a container that crashes',
    /Pod default\/first/,
    /CrashLoopBackOff \(Pod.*container web ended with exit code 1/,
    /hint for deployment of Shop first: correct command, args, env/,
    simulated('CrashLoopBackOff'),
  ],
  [
    'a quota of the namespace',
    /Deployment default\/first/,
    /FailedCreate \(.*exceeded quota: small/,
    /hint for deployment of Shop first: request at most what the quota still allows/,
    WAITING,
    policy('ResourceQuota', '{hard: {pods: "0"}}'),
  ],
  [
    'a LimitRange of the namespace',
    /Deployment default\/first/,
    /FailedCreate \(.*maximum memory usage per Container is 1Gi/,
    /hint for deployment of Shop first: stay within the limits/,
    WAITING.replace(
      '                  ports:\n',
      '                  resources: {limits: {memory: 4Gi}}\n                  ports:\n',
    ),
    policy('LimitRange', '{limits: [{type: Container, max: {memory: 1Gi}}]}'),
  ],
  [
    'a storage class that does not exist',
    /PersistentVolumeClaim default\/disk/,
    /ProvisioningFailed \(.*storageclass\.storage\.k8s\.io "fast" not found/,
    /hint for disk of Shop first: set storageClassName to a StorageClass of the cluster/,
    withResource('disk', "disk.status.phase == 'Bound'", CLAIM),
  ],
  [
    'a Job that fails',
    /Job default\/migrate/,
    /Error \(Pod default\/migrate.*exit code 1[^]*BackoffLimitExceeded \(Job/,
    /hint for migrate of Shop first: correct the program of its pods, or raise backoffLimit/,
    withResource('migrate', 'migrate.status.succeeded > 0', JOB),
  ],
];

/** Mistakes that make an instance wait. Only pods, claims and events in the cluster reveal the cause. */
export const waitingMistakes: readonly Mistake[] = rows.map(([title, place, reason, remedy, shop, more]) => ({
  title,
  command: [
    'up',
    '--once',
    '--timeout',
    '10s',
    'shop.yaml',
    'first.yaml',
    ...(more === undefined ? [] : ['policy.yaml']),
  ],
  exit: 1,
  place,
  reason,
  remedy,
  files: { 'shop.yaml': shop, 'first.yaml': INSTANCE, ...(more === undefined ? {} : { 'policy.yaml': more }) },
}));
