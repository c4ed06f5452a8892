import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { conditionReason, dnsSubdomain, numberAt, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type Problems, repeatedIndexes } from '../errors/field-problems.ts';
import { addressProblem, isIpAddress } from './network/ip-addresses.ts';
import { checkApiServiceStatus } from './api-service.ts';
import { checkClaimStatus } from './storage/claim-status.ts';
import { checkJobStatus } from './jobs/job-status.ts';
import { checkQuotaResourceName, checkResourceAmount } from './pods/resource-names.ts';
import { notNegative } from '../types/parts.ts';
import { checkLabelName } from './validate-selector.ts';

type StatusCheck = (object: KubeObject, old: KubeObject, problems: Problems) => void;

/** The rules for the counts in a kind's status. */
interface Counts {
  readonly counts: readonly string[];
  /** The counts that must not exceed `replicas`. */
  readonly parts?: readonly string[];
  /**
   * The name of `readyReplicas` in messages about the kind. Set only for kinds whose `availableReplicas` must not
   * exceed `readyReplicas`.
   */
  readonly ready?: string;
  /** The count that must not decrease. */
  readonly grows?: string;
}

const checkCounts =
  ({ counts, parts = [], ready, grows }: Counts): StatusCheck =>
  (object, old, problems) => {
    const status: JsonObject = object.status ?? {};
    const count = (key: string) => numberAt(status, key) ?? 0;
    const atMost = (key: string, limit: string, name: string) => {
      if (count(key) > count(limit)) problems.invalid(`status.${key}`, count(key), `cannot be greater than ${name}`);
    };
    for (const key of counts) notNegative(status, key, 'status', problems);
    for (const key of parts) atMost(key, 'replicas', 'status.replicas');
    if (ready !== undefined) atMost('availableReplicas', 'readyReplicas', ready);
    if (grows !== undefined && count(grows) < (numberAt(old.status, grows) ?? Number.NEGATIVE_INFINITY))
      problems.invalid(`status.${grows}`, count(grows), 'cannot be decremented');
  };

const REPLICAS = ['replicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'];
const LABELED = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'];

const IP_MODES = ['Proxy', 'VIP'];

const checkAddresses: StatusCheck = (object, _old, problems) => {
  const at = 'status.loadBalancer.ingress';
  const ingress = objectsAt(objectAt(object.status, 'loadBalancer'), 'ingress');
  if (object.kind === 'Service' && ingress.length > 0 && textAt(object.spec, 'type') !== 'LoadBalancer') {
    problems.forbidden(at, "may only be used when `spec.type` is 'LoadBalancer'");
    return;
  }
  for (const [index, entry] of ingress.entries()) {
    const ip = textAt(entry, 'ip');
    const wrong = ip === '' ? undefined : addressProblem(ip);
    if (wrong !== undefined) problems.invalid(`${at}[${index}].ip`, ip, wrong);
    const mode = textAt(entry, 'ipMode');
    if (mode !== '' && ip === '')
      problems.forbidden(`${at}[${index}].ipMode`, 'may not be specified when `ip` is not set');
    else if (mode !== '' && !IP_MODES.includes(mode)) problems.notSupported(`${at}[${index}].ipMode`, mode, IP_MODES);
    const hostname = textAt(entry, 'hostname');
    if (hostname === '') continue;
    problems.invalidFor(`${at}[${index}].hostname`, hostname, dnsSubdomain(hostname));
    if (isIpAddress(hostname))
      problems.invalid(`${at}[${index}].hostname`, hostname, 'must be a DNS name, not an IP address');
  }
};

const checkPod: StatusCheck = (object, old, problems) => {
  const name = textAt(object.status, 'nominatedNodeName');
  if (name !== '') problems.invalidFor('status.nominatedNodeName', name, dnsSubdomain(name));
  const addresses = objectsAt(object.status, 'podIPs').map((entry) => textAt(entry, 'ip'));
  const families = addresses.map((ip) => ip.includes(':'));
  if (new Set(families).size < families.length) {
    const shown = addresses.map((IP) => ({ IP }));
    problems.invalid('status.podIPs', shown, 'may specify no more than one IP for each IP family');
  }
  const quality = object.status?.['qosClass'];
  if (quality !== old.status?.['qosClass']) problems.invalid('status.qosClass', quality, 'field is immutable');
};

const checkPhase: StatusCheck = (object, _old, problems) => {
  const phase = textAt(object.status, 'phase');
  const leaving = object.metadata.deletionTimestamp !== undefined;
  if (leaving && phase !== 'Terminating')
    problems.invalid('status.Phase', phase, "may only be 'Terminating' if `deletionTimestamp` is not empty");
  else if (!leaving && phase === 'Terminating')
    problems.invalid('status.Phase', phase, "may not be 'Terminating' if `deletionTimestamp` is empty");
};

const checkQuota: StatusCheck = (object, _old, problems) => {
  for (const group of ['hard', 'used']) {
    for (const [name, value = null] of Object.entries(objectAt(object.status, group))) {
      const at = `status.${group}[${name}]`;
      checkQuotaResourceName(name, at, problems);
      checkResourceAmount(name, value, at, problems);
    }
  }
};

const checkConditions: StatusCheck = (object, _old, problems) =>
  validateStatusConditions(objectsAt(object.status, 'conditions'), 'status.conditions', problems);

const both =
  (first: StatusCheck, second: StatusCheck): StatusCheck =>
  (object, old, problems) => {
    first(object, old, problems);
    second(object, old, problems);
  };

const BUDGET_COUNTS = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'];

/** The checks for a write to the status, by kind. */
export const statusChecks: ReadonlyMap<string, StatusCheck> = new Map([
  ['/namespaces', checkPhase],
  ['/persistentvolumeclaims', checkClaimStatus],
  ['/pods', checkPod],
  [
    '/replicationcontrollers',
    checkCounts({ counts: [...REPLICAS, ...LABELED], parts: LABELED, ready: 'readyReplicas' }),
  ],
  ['/resourcequotas', checkQuota],
  ['/services', checkAddresses],
  ['admissionregistration.k8s.io/validatingadmissionpolicies', checkConditions],
  ['apiregistration.k8s.io/apiservices', checkApiServiceStatus],
  [
    'apps/daemonsets',
    checkCounts({
      counts: [
        'currentNumberScheduled',
        'desiredNumberScheduled',
        'numberMisscheduled',
        'numberReady',
        'observedGeneration',
        'updatedNumberScheduled',
        'numberAvailable',
        'numberUnavailable',
        'collisionCount',
      ],
    }),
  ],
  [
    'apps/deployments',
    checkCounts({
      counts: [...REPLICAS, 'updatedReplicas', 'unavailableReplicas', 'terminatingReplicas', 'collisionCount'],
      parts: ['updatedReplicas', 'readyReplicas', 'availableReplicas'],
      ready: 'readyReplicas',
      grows: 'collisionCount',
    }),
  ],
  ['apps/replicasets', checkCounts({ counts: [...REPLICAS, ...LABELED], parts: LABELED, ready: 'readyReplicas' })],
  [
    'apps/statefulsets',
    checkCounts({
      counts: [...REPLICAS, 'currentReplicas', 'updatedReplicas', 'collisionCount'],
      parts: ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
      ready: 'status.readyReplicas',
    }),
  ],
  ['autoscaling/horizontalpodautoscalers', checkCounts({ counts: ['currentReplicas', 'desiredReplicas'] })],
  ['batch/jobs', checkJobStatus],
  ['networking.k8s.io/ingresses', checkAddresses],
  ['policy/poddisruptionbudgets', both(checkConditions, checkCounts({ counts: BUDGET_COUNTS }))],
]);

const STATUSES = ['False', 'True', 'Unknown'];
const MAX_REASON_BYTES = 1024;
const MAX_MESSAGE_BYTES = 32 * 1024;

/** Checks conditions of the type `metav1.Condition`. */
function validateStatusConditions(conditions: readonly JsonObject[], path: string, problems: Problems): void {
  const types = conditions.map((condition) => textAt(condition, 'type'));
  const repeated = repeatedIndexes(types);
  for (const [index, condition] of conditions.entries()) {
    const at = `${path}[${index}]`;
    if (repeated.has(index)) problems.duplicate(`${at}.type`, types[index]);
    validateCondition(condition, at, problems);
  }
}

function validateCondition(condition: JsonObject, at: string, problems: Problems): void {
  const [status, reason] = [textAt(condition, 'status'), textAt(condition, 'reason')];
  checkLabelName(textAt(condition, 'type'), `${at}.type`, problems);
  problems.requireOneOf(`${at}.status`, status, STATUSES);
  const generation = numberAt(condition, 'observedGeneration') ?? 0;
  if (generation < 0) problems.invalid(`${at}.observedGeneration`, generation, 'must be greater than or equal to zero');
  if (textAt(condition, 'lastTransitionTime') === '') problems.required(`${at}.lastTransitionTime`);
  if (reason === '') problems.required(`${at}.reason`);
  else {
    problems.invalidFor(`${at}.reason`, reason, conditionReason(reason));
    if (Buffer.byteLength(reason) > MAX_REASON_BYTES) problems.tooLong(`${at}.reason`, MAX_REASON_BYTES);
  }
  if (Buffer.byteLength(textAt(condition, 'message')) > MAX_MESSAGE_BYTES)
    problems.tooLong(`${at}.message`, MAX_MESSAGE_BYTES);
}
