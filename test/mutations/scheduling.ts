import type { MutationRow } from './mutate.ts';

const FIT = ['packages/cluster/src/scheduling/node-fit.test.ts'];
const DECISIONS = ['packages/cluster/src/scheduling/schedule.test.ts'];
const STORIES = ['packages/cluster/src/controllers/scheduler.test.ts'];
const WAITING = ['packages/cluster/src/scheduling/waiting-pods.test.ts'];
const NODES = ['packages/cluster/src/controllers/node-taints.test.ts'];
const TAINTS = ['packages/cluster/src/controllers/taint-eviction.test.ts'];
const ADMISSION = ['packages/cluster/src/controllers/kubelet-admission.test.ts'];

/** Mistakes in the assignment of pods to nodes: scheduler, evictions, and the pods that a kubelet accepts. */
export const SCHEDULING: readonly MutationRow[] = [
  {
    name: 'a pod that needs exactly the remaining amount of a resource does not fit',
    file: 'packages/cluster/src/scheduling/resources.ts',
    find: 'if (requested > shortage.capacity - shortage.used)',
    replace: 'if (requested >= shortage.capacity - shortage.used)',
    tests: FIT,
  },
  {
    name: 'fractions of a resource are truncated',
    file: 'packages/cluster/src/scheduling/resources.ts',
    find: 'unscaled % divisor !== 0n ? quotient + 1n : quotient',
    replace: 'unscaled % divisor !== 0n ? quotient : quotient',
    tests: FIT,
  },
  {
    name: 'a port at all addresses does not conflict with the same port at one address',
    file: 'packages/cluster/src/scheduling/host-ports.ts',
    find: 'return port.address === ANY_ADDRESS || addresses',
    replace: 'return addresses',
    tests: FIT,
  },
  {
    name: 'preemption is tried for a request that exceeds the whole node',
    file: 'packages/cluster/src/scheduling/node-fit.ts',
    find: 'resource === POD_COUNT || requested <= capacity',
    replace: 'resource === POD_COUNT || requested > 0',
    tests: FIT,
  },
  {
    name: 'a taint with the effect PreferNoSchedule keeps pods away',
    file: 'packages/cluster/src/scheduling/node-fit.ts',
    find: "['NoSchedule', 'NoExecute']) !== undefined",
    replace: "['NoSchedule', 'NoExecute', 'PreferNoSchedule']) !== undefined",
    tests: FIT,
  },
  {
    name: 'an empty term of a node affinity matches all nodes',
    file: 'packages/cluster/src/scheduling/node-affinity.ts',
    find: 'if (labels.length === 0 && fields.length === 0) return false;',
    replace: '',
    tests: FIT,
  },
  {
    name: 'the kubelet checks extended resources that the node does not have',
    file: 'packages/cluster/src/scheduling/kubelet-admission.ts',
    find: '!isExtendedResource(name) || allocatable.has(name)',
    replace: "name !== ''",
    tests: FIT,
  },
  {
    name: 'all pods of lower priority are evicted',
    file: 'packages/cluster/src/scheduling/victims.ts',
    find: 'if (roomMisfitOf(demand, node, usage) === undefined) return false;',
    replace: '',
    tests: DECISIONS,
  },
  {
    name: 'budgets do not protect pods from preemption',
    file: 'packages/cluster/src/scheduling/victims.ts',
    find: 'if (count > budget.allowed) found.add(demand);',
    replace: 'void count;',
    tests: DECISIONS,
  },
  {
    name: 'a pod of equal priority takes the resources that are reserved for a nominated pod',
    file: 'packages/cluster/src/scheduling/schedule.ts',
    find: 'other.priority >= priority && other',
    replace: 'other.priority > priority && other',
    tests: DECISIONS,
  },
  {
    name: 'a pod evicts more pods while its victims are ending',
    file: 'packages/cluster/src/scheduling/schedule.ts',
    find: 'victim.priority < priority && endsByPreemption(victim.pod)',
    replace: 'victim.priority > priority && endsByPreemption(victim.pod)',
    tests: DECISIONS,
  },
  {
    name: 'the resources of a failed pod still count as used',
    file: 'packages/cluster/src/scheduling/node-ledger.ts',
    find: "return phase === 'Succeeded' || phase === 'Failed' ? '' :",
    replace: "return phase === 'Succeeded' ? '' :",
    tests: DECISIONS,
  },
  {
    name: 'after one of several equal pods is bound, the next of these pods is not tried',
    file: 'packages/cluster/src/scheduling/waiting-pods.ts',
    find: 'before === undefined ? undefined : this.#remove(key, before);',
    replace: 'before === undefined || this.#remove(key, before) === "" ? undefined : undefined;',
    tests: WAITING,
  },
  {
    name: 'a pod with a simulation annotation is in the same group as pods without it',
    file: 'packages/cluster/src/scheduling/waiting-pods.ts',
    find: ".filter(([name]) => name.startsWith('typekro.dev/')),",
    replace: '.filter(([name]) => name === ""),',
    tests: WAITING,
  },
  {
    name: 'the end of a nomination does not trigger a retry of other pods',
    file: 'packages/cluster/src/controllers/scheduler.ts',
    find: "if (nomination !== '' && nomination !== freed && isGivenUp) {",
    replace: "if (nomination === ' ' && isGivenUp) {",
    tests: STORIES,
  },
  {
    name: 'pods keep their nomination for a node after a pod of higher priority evicts pods there',
    file: 'packages/cluster/src/controllers/scheduler.ts',
    find: 'for (const loser of lower) client.updateStatus(loser.pod, withoutNomination(loser.pod));',
    replace: 'void lower;',
    tests: STORIES,
  },
  {
    name: 'the kubelet drops the conditions that other components set on an evicted pod',
    file: 'packages/cluster/src/controllers/pod-status.ts',
    find: '      ...before.filter(({ type }) => !isOfKubelet(String(type))),\n',
    replace: '',
    tests: STORIES,
  },
  {
    name: 'the end of a taint does not cancel an eviction',
    file: 'packages/cluster/src/controllers/taint-eviction.ts',
    find: "previous.object.spec?.['taints'] !== object.spec?.['taints']",
    replace: 'noExecuteTaints(object).length > 0',
    tests: TAINTS,
  },
  {
    name: 'a new pod with the name of an evicted pod is not evicted',
    file: 'packages/cluster/src/controllers/taint-eviction.ts',
    find: "if (event.type === 'DELETED') evictions.delete(key);",
    replace: "if (event.type === 'DELETED') return;",
    tests: TAINTS,
  },
  {
    name: 'a DaemonSet removes its pod from a node with a new taint',
    file: 'packages/cluster/src/controllers/daemonset.ts',
    find: "['NoExecute']) === undefined) keep.push(name);",
    replace: "['NoExecute']) === undefined) continue;",
    tests: TAINTS,
  },
  {
    name: 'the kubelet makes no pause between refusals of pods of the same owner',
    file: 'packages/cluster/src/controllers/kubelet-admission.ts',
    find: 'if (waitMs > 0) return waitMs;',
    replace: '',
    tests: ADMISSION,
  },
  {
    name: 'a pod that the kubelet has refused still takes resources of its node',
    file: 'packages/cluster/src/controllers/kubelet-admission.ts',
    find: "phase: 'Failed',",
    replace: "phase: 'Pending',",
    tests: ADMISSION,
  },
  {
    name: 'pods are evicted while no node is ready',
    file: 'packages/cluster/src/controllers/zone-health.ts',
    find: 'return this.#ready === 0;',
    replace: 'return false;',
    tests: NODES,
  },
  {
    name: 'evictions continue in a zone with many failed nodes',
    file: 'packages/cluster/src/controllers/zone-health.ts',
    find: 'notReady > 2 &&',
    replace: 'notReady > 9 &&',
    tests: NODES,
  },
  {
    name: 'the health of one node does not affect the taints of the other nodes',
    file: 'packages/cluster/src/controllers/node-taints.ts',
    find: 'if (isChanged) yield* health.unreadyNodes();',
    replace: 'void isChanged;',
    tests: NODES,
  },
  {
    name: 'a toleration of the template of a DaemonSet is not replaced by the standard toleration for the same taint',
    file: 'packages/cluster/src/controllers/daemonset.ts',
    find: '.map((each) => daemons.find((daemon) => isSameTaint(daemon, each)) ?? each)',
    replace: '',
    tests: ['packages/cluster/src/controllers/sets.test.ts'],
  },
];
