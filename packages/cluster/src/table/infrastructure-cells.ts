import type { JsonValue, KubeObject } from '@typekro/kit/core';
import {
  age,
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
import { type CellPrinter, NONE, texts } from './cell-parts.ts';

const UNSET = '<unset>';

function revisionCells(object: KubeObject): JsonValue[] {
  const owner = (object.metadata.ownerReferences ?? []).find((reference) => reference.controller === true);
  const group = owner?.apiVersion.includes('/') === true ? `.${owner.apiVersion.split('/')[0]}` : '';
  const controller = owner === undefined ? NONE : `${(owner.kind + group).toLowerCase()}/${owner.name}`;
  return [controller, object['revision'] ?? 0];
}

function apiServiceCells(object: KubeObject): JsonValue[] {
  const service = optionalAt(object.spec, 'service');
  const available = conditionOf(object, 'Available');
  const status = available === undefined ? 'Unknown' : textAt(available, 'status');
  const reason = textAt(available, 'reason');
  return [
    service === undefined ? 'Local' : `${textAt(service, 'namespace')}/${textAt(service, 'name')}`,
    status === 'True' || reason === '' ? status : `${status} (${reason})`,
  ];
}

function signingCells(object: KubeObject): JsonValue[] {
  const seconds = numberAt(object.spec, 'expirationSeconds');
  const decision = conditionOf(object, 'Denied') ? 'Denied' : conditionOf(object, 'Approved') ? 'Approved' : 'Pending';
  return [
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
  return [parent === undefined ? NONE : shown, age(object.metadata.creationTimestamp, now)];
}

function driverCells(object: KubeObject): JsonValue[] {
  const { spec } = object;
  return [
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
  ];
}

/** Returns a printer for rows whose second cell is the length of a list. */
const counted =
  (list: (object: KubeObject) => readonly JsonValue[]): CellPrinter =>
  (object) => [list(object).length];

const policyCells =
  (steps: string): CellPrinter =>
  (object) => {
    const kind = optionalAt(object.spec, 'paramKind');
    return [
      listAt(object.spec, steps).length,
      kind === undefined ? UNSET : `${textAt(kind, 'apiVersion')}/${textAt(kind, 'kind')}`,
    ];
  };

function policyBindingCells(object: KubeObject): JsonValue[] {
  const parameters = objectAt(object.spec, 'paramRef');
  const [named, selector] = [textAt(parameters, 'name'), optionalAt(parameters, 'selector')];
  const shown =
    named !== ''
      ? `${textAt(parameters, 'namespace') || '*'}/${named}`
      : selector === undefined
        ? UNSET
        : goLabelSelector(selector);
  return [textAt(object.spec, 'policyName'), shown];
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

function flowCells(object: KubeObject): JsonValue[] {
  const dangling = conditionOf(object, 'Dangling');
  return [
    textAt(objectAt(object.spec, 'priorityLevelConfiguration'), 'name'),
    numberAt(object.spec, 'matchingPrecedence') ?? 0,
    textAt(objectAt(object.spec, 'distinguisherMethod'), 'type') || NONE,
    dangling === undefined ? '?' : textAt(dangling, 'status'),
  ];
}

function priorityLevelCells(object: KubeObject): JsonValue[] {
  const limited = optionalAt(object.spec, 'limited');
  const queuing = optionalAt(objectAt(limited, 'limitResponse'), 'queuing');
  return [
    textAt(object.spec, 'type'),
    limited === undefined ? NONE : (numberAt(limited, 'nominalConcurrencyShares') ?? 0),
    ...['queues', 'handSize', 'queueLengthLimit'].map((key) =>
      queuing === undefined ? NONE : (numberAt(queuing, key) ?? 0),
    ),
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
  'networking.k8s.io/v1/servicecidrs': (object) => [listAt(object.spec, 'cidrs').join(',')],
  'node.k8s.io/v1/runtimeclasses': texts('handler'),
  'resource.k8s.io/v1/resourceclaims': (object) => [claimState(object)],
  'resource.k8s.io/v1/resourceslices': texts('spec.nodeName', 'spec.driver', 'spec.pool.name'),
  'storage.k8s.io/v1/csidrivers': driverCells,
  'storage.k8s.io/v1/csinodes': counted((object) => listAt(object.spec, 'drivers')),
  'storage.k8s.io/v1/volumeattachments': (object) => [
    ...texts('spec.attacher', 'spec.source.persistentVolumeName', 'spec.nodeName')(object),
    object.status?.['attached'] === true,
  ],
  'storage.k8s.io/v1/volumeattributesclasses': texts('driverName'),
};
