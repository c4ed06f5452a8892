import { type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import {
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  textAt,
  age,
  duration,
  firstObserved,
  lastObserved,
} from '@typekro/kit/kubernetes';
import { labelSelectorText } from '../types/label-selector-text.ts';
import { autoscalerCells } from './autoscaler-cells.ts';
import { type CellPrinter, countCell, mapText, NONE, orNone, texts } from './cell-parts.ts';
import { INFRASTRUCTURE_CELLS } from './infrastructure-cells.ts';
import { endpointsCells, ingressCells, serviceCells, sliceCells } from './network-cells.ts';
import { podCells } from './pod-cells.ts';

const size = (value: JsonValue | undefined) =>
  isJsonObject(value) ? Object.keys(value).length : Array.isArray(value) ? value.length : 0;

function containersOf(template: JsonObject): [string, string] {
  const containers = objectsAt(objectAt(template, 'spec'), 'containers');
  return [
    containers.map((entry) => textAt(entry, 'name')).join(','),
    containers.map((entry) => textAt(entry, 'image')).join(','),
  ];
}

const templateOf = (object: KubeObject) => containersOf(objectAt(object.spec, 'template'));

const replicaCells = (object: KubeObject): (string | number)[] => [
  countCell(object, 'spec', 'replicas'),
  countCell(object, 'status', 'replicas'),
  countCell(object, 'status', 'readyReplicas'),
  ...templateOf(object),
];

function jobStatus(object: KubeObject): string {
  const conditions = objectsAt(object.status, 'conditions');
  const is = (type: string) => conditions.some((entry) => entry['type'] === type && entry['status'] === 'True');
  if (is('Complete')) return 'Complete';
  if (is('Failed')) return 'Failed';
  if (object.metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (is('Suspended')) return 'Suspended';
  if (is('FailureTarget')) return 'FailureTarget';
  return is('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

function jobCells(object: KubeObject, now: number): JsonValue[] {
  const completions = numberAt(object.spec, 'completions');
  const done = countCell(object, 'status', 'succeeded');
  const parallel = countCell(object, 'spec', 'parallelism');
  const total = completions === undefined ? (parallel > 1 ? `1 of ${parallel}` : '1') : String(completions);
  const [start, end] = [textAt(object.status, 'startTime'), textAt(object.status, 'completionTime')];
  const time = start === '' ? '' : duration((end === '' ? now : Date.parse(end)) - Date.parse(start));
  return [
    jobStatus(object),
    `${done}/${total}`,
    time,
    ...templateOf(object),
    orNone(labelSelectorText(object.spec?.['selector'])),
  ];
}

function bindingCells(object: KubeObject): JsonValue[] {
  const reference = objectAt(object, 'roleRef');
  const subjects = objectsAt(object, 'subjects');
  const of = (kind: string) => subjects.filter((subject) => subject['kind'] === kind);
  const accounts = of('ServiceAccount').map((subject) => `${textAt(subject, 'namespace')}/${textAt(subject, 'name')}`);
  return [
    `${textAt(reference, 'kind')}/${textAt(reference, 'name')}`,
    of('User')
      .map((subject) => textAt(subject, 'name'))
      .join(', '),
    of('Group')
      .map((subject) => textAt(subject, 'name'))
      .join(', '),
    accounts.join(', '),
  ];
}

function eventCells(object: KubeObject, now: number): JsonValue[] {
  const series = optionalAt(object, 'series');
  const [first, last] = [firstObserved(object), lastObserved(object)];
  const involved = optionalAt(object, 'involvedObject') ?? objectAt(object, 'regarding');
  const source = optionalAt(object, 'source') ?? objectAt(object, 'deprecatedSource');
  const component =
    textAt(source, 'component') || textAt(object, 'reportingComponent') || textAt(object, 'reportingController');
  const instance = textAt(source, 'host') || textAt(object, 'reportingInstance');
  const from = instance === '' ? component : `${component}, ${instance}`;
  const target =
    textAt(involved, 'name') === ''
      ? textAt(involved, 'kind').toLowerCase()
      : `${textAt(involved, 'kind').toLowerCase()}/${textAt(involved, 'name')}`;
  const times = numberAt(series, 'count') ?? numberAt(object, 'count') ?? numberAt(object, 'deprecatedCount') ?? 1;
  const since = (text: string) => (text === '' ? '<unknown>' : age(text, now));
  return [
    since(last),
    textAt(object, 'type'),
    textAt(object, 'reason'),
    target,
    textAt(involved, 'fieldPath'),
    from,
    (textAt(object, 'message') || textAt(object, 'note')).trim(),
    since(first),
    times,
  ];
}

const ROLE_LABEL = 'kubernetes.io/role';
const ROLE_PREFIX = 'node-role.kubernetes.io/';

function nodeCells(object: KubeObject): JsonValue[] {
  const ready = objectsAt(object.status, 'conditions').find((entry) => entry['type'] === 'Ready');
  const status = [ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady'];
  if (object.spec?.['unschedulable'] === true) status.push('SchedulingDisabled');
  const roles = Object.entries(object.metadata.labels ?? {})
    .map(([key, value]) =>
      key === ROLE_LABEL ? value : key.startsWith(ROLE_PREFIX) ? key.slice(ROLE_PREFIX.length) : '',
    )
    .filter((role) => role !== '');
  const info = objectAt(object.status, 'nodeInfo');
  const address = (type: string) =>
    orNone(
      textAt(
        objectsAt(object.status, 'addresses').find((entry) => entry['type'] === type),
        'address',
      ),
    );
  const shown = (key: string) => textAt(info, key) || '<unknown>';
  return [
    status.join(','),
    orNone([...new Set(roles)].sort().join(',')),
    textAt(info, 'kubeletVersion'),
    address('InternalIP'),
    address('ExternalIP'),
    shown('osImage'),
    shown('kernelVersion'),
    shown('containerRuntimeVersion'),
  ];
}

const MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};
const modes = (list: readonly JsonValue[]) =>
  list.map((mode) => (Object.hasOwn(MODES, String(mode)) ? (MODES[String(mode)] ?? '') : String(mode))).join(',');

function claimCells(object: KubeObject): JsonValue[] {
  const bound = textAt(object.spec, 'volumeName') !== '';
  const phase = object.metadata.deletionTimestamp === undefined ? textAt(object.status, 'phase') : 'Terminating';
  return [
    phase,
    textAt(object.spec, 'volumeName'),
    bound ? textAt(objectAt(object.status, 'capacity'), 'storage') : '',
    bound ? modes(listAt(object.status, 'accessModes')) : '',
    textAt(object.spec, 'storageClassName'),
    textAt(object.spec, 'volumeAttributesClassName') || '<unset>',
    textAt(object.spec, 'volumeMode') || '<unset>',
  ];
}

function volumeCells(object: KubeObject): JsonValue[] {
  const claim = objectAt(object.spec, 'claimRef');
  const phase = object.metadata.deletionTimestamp === undefined ? textAt(object.status, 'phase') : 'Terminating';
  return [
    textAt(objectAt(object.spec, 'capacity'), 'storage'),
    modes(listAt(object.spec, 'accessModes')),
    textAt(object.spec, 'persistentVolumeReclaimPolicy'),
    phase,
    textAt(claim, 'name') === '' ? '' : `${textAt(claim, 'namespace')}/${textAt(claim, 'name')}`,
    textAt(object.spec, 'storageClassName'),
    textAt(object.spec, 'volumeAttributesClassName') || '<unset>',
    textAt(object.status, 'reason'),
    textAt(object.spec, 'volumeMode') || '<unset>',
  ];
}

function cronJobCells(object: KubeObject, now: number): JsonValue[] {
  const last = textAt(object.status, 'lastScheduleTime');
  const template = objectAt(objectAt(objectAt(object.spec, 'jobTemplate'), 'spec'), 'template');
  const selector = objectAt(objectAt(objectAt(object.spec, 'jobTemplate'), 'spec'), 'selector');
  return [
    textAt(object.spec, 'schedule'),
    orNone(textAt(object.spec, 'timeZone')),
    object.spec?.['suspend'] === true ? 'True' : 'False',
    listAt(object.status, 'active').length,
    last === '' ? NONE : age(last, now),
    ...containersOf(template),
    orNone(labelSelectorText(selector)),
  ];
}

function budgetCells(object: KubeObject): JsonValue[] {
  const shown = (key: string) => (object.spec?.[key] === undefined ? 'N/A' : String(object.spec[key]));
  return [shown('minAvailable'), shown('maxUnavailable'), countCell(object, 'status', 'disruptionsAllowed')];
}

/** Maps `apiVersion/plural` to a printer. A kind without a printer has no cells beside its name and its times. */
export const CELLS: Readonly<Record<string, CellPrinter>> = {
  ...INFRASTRUCTURE_CELLS,
  'v1/configmaps': (object) => [size(object['data']) + size(object['binaryData'])],
  'v1/endpoints': endpointsCells,
  'v1/events': eventCells,
  'v1/namespaces': texts('status.phase'),
  'v1/nodes': nodeCells,
  'v1/persistentvolumeclaims': claimCells,
  'v1/persistentvolumes': volumeCells,
  'v1/pods': podCells,
  'v1/podtemplates': (object) => [
    ...containersOf(objectAt(object, 'template')),
    mapText(objectAt(objectAt(objectAt(object, 'template'), 'metadata'), 'labels')),
  ],
  'v1/replicationcontrollers': (object) => [...replicaCells(object), mapText(objectAt(object.spec, 'selector'))],
  'v1/resourcequotas': quotaCells,
  'v1/secrets': (object) => [textAt(object, 'type'), size(object['data'])],
  'v1/services': serviceCells,
  'apps/v1/daemonsets': (object) => [
    ...[
      'desiredNumberScheduled',
      'currentNumberScheduled',
      'numberReady',
      'updatedNumberScheduled',
      'numberAvailable',
    ].map((key) => countCell(object, 'status', key)),
    mapText(objectAt(objectAt(objectAt(object.spec, 'template'), 'spec'), 'nodeSelector')),
    ...templateOf(object),
    labelSelectorText(object.spec?.['selector']),
  ],
  'apps/v1/deployments': (object) => [
    `${countCell(object, 'status', 'readyReplicas')}/${countCell(object, 'spec', 'replicas')}`,
    countCell(object, 'status', 'updatedReplicas'),
    countCell(object, 'status', 'availableReplicas'),
    ...templateOf(object),
    labelSelectorText(object.spec?.['selector']),
  ],
  'apps/v1/replicasets': (object) => [...replicaCells(object), labelSelectorText(object.spec?.['selector'])],
  'apps/v1/statefulsets': (object) => [
    `${countCell(object, 'status', 'readyReplicas')}/${countCell(object, 'spec', 'replicas')}`,
    ...templateOf(object),
  ],
  'autoscaling/v1/horizontalpodautoscalers': autoscalerCells,
  'autoscaling/v2/horizontalpodautoscalers': autoscalerCells,
  'batch/v1/cronjobs': cronJobCells,
  'batch/v1/jobs': jobCells,
  'coordination.k8s.io/v1/leases': texts('spec.holderIdentity'),
  'discovery.k8s.io/v1/endpointslices': sliceCells,
  'events.k8s.io/v1/events': eventCells,
  'networking.k8s.io/v1/ingresses': ingressCells,
  'networking.k8s.io/v1/ingressclasses': (object) => {
    const parameters = optionalAt(object.spec, 'parameters');
    const group = textAt(parameters, 'apiGroup');
    return [
      textAt(object.spec, 'controller'),
      parameters === undefined
        ? NONE
        : `${textAt(parameters, 'kind')}${group === '' ? '' : `.${group}`}/${textAt(parameters, 'name')}`,
    ];
  },
  'networking.k8s.io/v1/networkpolicies': (object) => [orNone(labelSelectorText(object.spec?.['podSelector']))],
  'policy/v1/poddisruptionbudgets': budgetCells,
  'rbac.authorization.k8s.io/v1/clusterrolebindings': bindingCells,
  'rbac.authorization.k8s.io/v1/rolebindings': bindingCells,
  'scheduling.k8s.io/v1/priorityclasses': (object) => [
    numberAt(object, 'value') ?? 0,
    object['globalDefault'] === true,
    textAt(object, 'preemptionPolicy'),
  ],
  'storage.k8s.io/v1/storageclasses': (object) => [
    ...texts('provisioner', 'reclaimPolicy', 'volumeBindingMode')(object),
    object['allowVolumeExpansion'] === true,
  ],
};

function quotaCells(object: KubeObject): JsonValue[] {
  const [hard, used] = [objectAt(object.status, 'hard'), objectAt(object.status, 'used')];
  const text = (keys: readonly string[]) =>
    keys
      .toSorted()
      .map((key) => `${key}: ${String(used[key] ?? '0')}/${String(hard[key])}`)
      .join(', ');
  const limits = Object.keys(hard).filter((key) => key.startsWith('limits.'));
  return [text(Object.keys(hard).filter((key) => !key.startsWith('limits.'))), text(limits)];
}
