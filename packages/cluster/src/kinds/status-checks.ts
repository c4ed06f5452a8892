import type { KubeObject } from '@typekro/kit/core';
import { conditionReason, dnsSubdomain, numberAt, qualifiedName, textAt } from '@typekro/kit/kubernetes';
import { type Field, type Problems, repeatedFields } from '../errors/field-problems.ts';
import { addressProblem, isIpAddress } from './network/ip-addresses.ts';
import { checkApiServiceStatus } from './api-service.ts';
import { checkClaimStatus } from './storage/claim-status.ts';
import { checkJobStatus } from './jobs/job-status.ts';
import { checkQuotaResourceName, checkResourceAmount } from './pods/resource-names.ts';

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
    const status = problems.field('status', object.status);
    const atMost = (key: string, limit: string, name: string) =>
      status.count(key).atMost(status.count(limit).value, `cannot be greater than ${name}`);
    for (const key of counts) status.number(key).notNegative();
    for (const key of parts) atMost(key, 'replicas', 'status.replicas');
    if (ready !== undefined) atMost('availableReplicas', 'readyReplicas', ready);
    const least = grows === undefined ? undefined : numberAt(old.status, grows);
    if (grows !== undefined && least !== undefined) status.count(grows).atLeast(least, 'cannot be decremented');
  };

const REPLICAS = ['replicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'];
const LABELED = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'];

const IP_MODES = ['Proxy', 'VIP'];

const checkAddresses: StatusCheck = (object, _old, problems) => {
  const balancer = problems.field('status', object.status).object('loadBalancer');
  const ingress = balancer.objects('ingress');
  if (object.kind === 'Service' && ingress.length > 0 && textAt(object.spec, 'type') !== 'LoadBalancer') {
    balancer.list('ingress').forbidden("may only be used when `spec.type` is 'LoadBalancer'");
    return;
  }
  for (const entry of ingress) {
    const [ip, mode, hostname] = [entry.text('ip'), entry.text('ipMode'), entry.text('hostname')];
    if (ip.value !== '') ip.problem(addressProblem(ip.value));
    if (mode.value !== '' && ip.value === '') mode.forbidden('may not be specified when `ip` is not set');
    else mode.oneOfIfSet(IP_MODES);
    hostname.matchesIfSet(dnsSubdomain);
    if (isIpAddress(hostname.value)) hostname.invalid('must be a DNS name, not an IP address');
  }
};

const checkPod: StatusCheck = (object, old, problems) => {
  const status = problems.field('status', object.status);
  status.text('nominatedNodeName').matchesIfSet(dnsSubdomain);
  const addresses = status.objects('podIPs').map((entry) => entry.text('ip').value);
  const families = addresses.map((ip) => ip.includes(':'));
  if (new Set(families).size < families.length) {
    const shown = addresses.map((IP) => ({ IP }));
    status.list('podIPs').invalid('may specify no more than one IP for each IP family', shown);
  }
  status.member('qosClass').immutable(old.status?.['qosClass']);
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
  const status = problems.field('status', object.status);
  for (const { name, amount } of [...status.amounts('hard'), ...status.amounts('used')]) {
    checkQuotaResourceName(name);
    checkResourceAmount(name.value, amount);
  }
};

/** Checks conditions of the type `metav1.Condition`. */
const checkConditions: StatusCheck = (object, _old, problems) => {
  const conditions = problems.field('status', object.status).objects('conditions');
  const repeated = repeatedFields(conditions.map((condition) => condition.text('type')));
  for (const condition of conditions) {
    const type = condition.text('type');
    if (repeated.has(type.path)) type.duplicate();
    validateCondition(condition);
  }
};

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

function validateCondition(condition: Field): void {
  const [reason, message] = [condition.text('reason'), condition.text('message')];
  condition.text('type').matches(qualifiedName);
  condition.text('status').oneOf(STATUSES);
  condition.number('observedGeneration').atLeast(0, 'must be greater than or equal to zero');
  condition.text('lastTransitionTime').notEmpty();
  reason.name(conditionReason);
  if (Buffer.byteLength(reason.value) > MAX_REASON_BYTES) reason.tooLong(MAX_REASON_BYTES);
  if (Buffer.byteLength(message.value) > MAX_MESSAGE_BYTES) message.tooLong(MAX_MESSAGE_BYTES);
}
