import type { JsonValue, KubeObject } from '@typekro/kit/core';
import {
  conditionOf,
  duration,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  textAt,
} from '@typekro/kit/kubernetes';
import { goLabelSelector } from '../types/label-selector-text.ts';
import { ageCell, name, NONE } from './cell-parts.ts';

/** The cells of an object of a built-in kind, in the order of its columns. */
export type CellPrinter = (object: KubeObject, now: number) => readonly JsonValue[];

const UNSET = '<unset>';

function revisionCells(object: KubeObject, now: number): JsonValue[] {
  const owner = (object.metadata.ownerReferences ?? []).find((reference) => reference.controller === true);
  const group = owner?.apiVersion.includes('/') === true ? `.${owner.apiVersion.split('/')[0]}` : '';
  const controller = owner === undefined ? NONE : `${(owner.kind + group).toLowerCase()}/${owner.name}`;
  return [name(object), controller, object['revision'] ?? 0, ageCell(object, now)];
}

function apiServiceCells(object: KubeObject, now: number): JsonValue[] {
  const service = optionalAt(object.spec, 'service');
  const available = conditionOf(object, 'Available');
  const status = available === undefined ? 'Unknown' : textAt(available, 'status');
  const reason = textAt(available, 'reason');
  return [
    name(object),
    service === undefined ? 'Local' : `${textAt(service, 'namespace')}/${textAt(service, 'name')}`,
    status === 'True' || reason === '' ? status : `${status} (${reason})`,
    ageCell(object, now),
  ];
}

function signingCells(object: KubeObject, now: number): JsonValue[] {
  const seconds = numberAt(object.spec, 'expirationSeconds');
  const decision = conditionOf(object, 'Denied') ? 'Denied' : conditionOf(object, 'Approved') ? 'Approved' : 'Pending';
  return [
    name(object),
    ageCell(object, now),
    textAt(object.spec, 'signerName') || NONE,
    textAt(object.spec, 'username'),
    seconds === undefined ? NONE : duration(seconds * 1000),
    [
      decision,
      ...(conditionOf(object, 'Failed') ? ['Failed'] : []),
      ...(textAt(object.status, 'certificate') === '' ? [] : ['Issued']),
    ].join(','),
  ];
}

/** The row of an IPAddress. As in the API server, the last cell is the age, although no column for it is declared. */
function addressCells(object: KubeObject, now: number): JsonValue[] {
  const parent = optionalAt(object.spec, 'parentRef');
  const [group, namespace] = [textAt(parent, 'group'), textAt(parent, 'namespace')];
  const resource = `${textAt(parent, 'resource')}${group === '' ? '' : `.${group}`}`.toLowerCase();
  const shown = [resource, ...(namespace === '' ? [] : [namespace]), textAt(parent, 'name')].join('/');
  return [name(object), parent === undefined ? NONE : shown, ageCell(object, now)];
}

function driverCells(object: KubeObject, now: number): JsonValue[] {
  const { spec } = object;
  return [
    name(object),
    spec?.['attachRequired'] !== false,
    spec?.['podInfoOnMount'] === true,
    spec?.['storageCapacity'] === true,
    spec?.['tokenRequests'] === undefined
      ? UNSET
      : objectsAt(spec, 'tokenRequests')
          .map((request) => textAt(request, 'audience'))
          .join(','),
    spec?.['requiresRepublish'] === true,
    listAt(spec, 'volumeLifecycleModes').join(',') || NONE,
    ageCell(object, now),
  ];
}

/** Returns a printer for rows whose second cell is the length of a list. */
const counted =
  (list: (object: KubeObject) => readonly JsonValue[]): CellPrinter =>
  (object, now) => [name(object), list(object).length, ageCell(object, now)];

const policyCells =
  (steps: string): CellPrinter =>
  (object, now) => {
    const kind = optionalAt(object.spec, 'paramKind');
    return [
      name(object),
      listAt(object.spec, steps).length,
      kind === undefined ? UNSET : `${textAt(kind, 'apiVersion')}/${textAt(kind, 'kind')}`,
      ageCell(object, now),
    ];
  };

function policyBindingCells(object: KubeObject, now: number): JsonValue[] {
  const parameters = objectAt(object.spec, 'paramRef');
  const [named, selector] = [textAt(parameters, 'name'), optionalAt(parameters, 'selector')];
  const shown =
    named !== ''
      ? `${textAt(parameters, 'namespace') || '*'}/${named}`
      : selector === undefined
        ? UNSET
        : goLabelSelector(selector);
  return [name(object), textAt(object.spec, 'policyName'), shown, ageCell(object, now)];
}

function claimState(object: KubeObject): string {
  const deleted = object.metadata.deletionTimestamp !== undefined;
  if (optionalAt(object.status, 'allocation') === undefined) return deleted ? 'deleted' : 'pending';
  return [
    ...(deleted ? ['deleted'] : []),
    'allocated',
    ...(listAt(object.status, 'reservedFor').length > 0 ? ['reserved'] : []),
  ].join(',');
}

function flowCells(object: KubeObject, now: number): JsonValue[] {
  const dangling = conditionOf(object, 'Dangling');
  return [
    name(object),
    textAt(objectAt(object.spec, 'priorityLevelConfiguration'), 'name'),
    numberAt(object.spec, 'matchingPrecedence') ?? 0,
    textAt(objectAt(object.spec, 'distinguisherMethod'), 'type') || NONE,
    ageCell(object, now),
    dangling === undefined ? '?' : textAt(dangling, 'status'),
  ];
}

function priorityLevelCells(object: KubeObject, now: number): JsonValue[] {
  const limited = optionalAt(object.spec, 'limited');
  const queuing = optionalAt(objectAt(limited, 'limitResponse'), 'queuing');
  return [
    name(object),
    textAt(object.spec, 'type'),
    limited === undefined ? NONE : (numberAt(limited, 'nominalConcurrencyShares') ?? 0),
    ...['queues', 'handSize', 'queueLengthLimit'].map((key) =>
      queuing === undefined ? NONE : (numberAt(queuing, key) ?? 0),
    ),
    ageCell(object, now),
  ];
}

/**
 * The printers of some built-in kinds, keyed by `apiVersion/plural`. These kinds are for admission, aggregation,
 * certificates, networking, storage, flow control, devices, runtimes and revisions.
 */
export const INFRASTRUCTURE_CELLS: Readonly<Record<string, CellPrinter>> = {
  'admissionregistration.k8s.io/v1/mutatingadmissionpolicies': policyCells('mutations'),
  'admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings': policyBindingCells,
  'admissionregistration.k8s.io/v1/mutatingwebhookconfigurations': counted((object) => listAt(object, 'webhooks')),
  'admissionregistration.k8s.io/v1/validatingadmissionpolicies': policyCells('validations'),
  'admissionregistration.k8s.io/v1/validatingadmissionpolicybindings': policyBindingCells,
  'admissionregistration.k8s.io/v1/validatingwebhookconfigurations': counted((object) => listAt(object, 'webhooks')),
  'apiregistration.k8s.io/v1/apiservices': apiServiceCells,
  'apps/v1/controllerrevisions': revisionCells,
  'certificates.k8s.io/v1/certificatesigningrequests': signingCells,
  'flowcontrol.apiserver.k8s.io/v1/flowschemas': flowCells,
  'flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations': priorityLevelCells,
  'networking.k8s.io/v1/ipaddresses': addressCells,
  'networking.k8s.io/v1/servicecidrs': (object, now) => [
    name(object),
    listAt(object.spec, 'cidrs').join(','),
    ageCell(object, now),
  ],
  'node.k8s.io/v1/runtimeclasses': (object, now) => [name(object), textAt(object, 'handler'), ageCell(object, now)],
  'resource.k8s.io/v1/resourceclaims': (object, now) => [name(object), claimState(object), ageCell(object, now)],
  'resource.k8s.io/v1/resourceslices': (object, now) => [
    name(object),
    textAt(object.spec, 'nodeName'),
    textAt(object.spec, 'driver'),
    textAt(objectAt(object.spec, 'pool'), 'name'),
    ageCell(object, now),
  ],
  'storage.k8s.io/v1/csidrivers': driverCells,
  'storage.k8s.io/v1/csinodes': counted((object) => listAt(object.spec, 'drivers')),
  'storage.k8s.io/v1/volumeattachments': (object, now) => [
    name(object),
    textAt(object.spec, 'attacher'),
    textAt(objectAt(object.spec, 'source'), 'persistentVolumeName'),
    textAt(object.spec, 'nodeName'),
    object.status?.['attached'] === true,
    ageCell(object, now),
  ],
  'storage.k8s.io/v1/volumeattributesclasses': (object, now) => [
    name(object),
    textAt(object, 'driverName'),
    ageCell(object, now),
  ],
};
