import type { MutationRow } from './mutate.ts';

export const READINESS: readonly MutationRow[] = [
  {
    name: 'replicas of the old version do not count',
    file: 'src/readiness/kinds/workloads.ts',
    find: "if (total > updated) return inProgress('Updating', `${total - updated} replicas of the old version are left`);",
    replace: '',
    tests: ['src/readiness/readiness.test.ts', 'src/readiness/kinds/workloads.test.ts'],
  },
  {
    name: 'a Deployment without replicas wants none',
    file: 'src/readiness/kinds/workloads.ts',
    find: "  const updated = countAt(object, 'status', 'updatedReplicas');\n  const available = countAt(",
    replace:
      "  if (numberAt(object, 'spec', 'replicas') === undefined) return current();\n  const updated = countAt(object, 'status', 'updatedReplicas');\n  const available = countAt(",
    tests: ['src/readiness/readiness.test.ts', 'src/readiness/kinds/workloads.test.ts'],
  },
  {
    name: 'a partition does not lower the replicas that are due',
    file: 'src/readiness/kinds/workloads.ts',
    find: 'const due = Math.max(0, wanted - partition);',
    replace: 'const due = Math.max(0, wanted);',
    tests: ['src/readiness/readiness.test.ts', 'src/readiness/kinds/workloads.test.ts'],
  },
  {
    name: 'a DaemonSet with OnDelete waits for updated pods',
    file: 'src/readiness/kinds/workloads.ts',
    find: "const rolling = textAt(object, 'spec', 'updateStrategy', 'type') !== 'OnDelete';",
    replace: 'const rolling = true;',
    tests: ['src/readiness/readiness.test.ts', 'src/readiness/kinds/workloads.test.ts'],
  },
  {
    name: 'a Job that failed is still running',
    file: 'src/readiness/kinds/workloads.ts',
    find: "  if (bad?.status === 'True') return failed('JobFailed', describeCondition('Failed', bad));",
    replace: '',
    tests: ['src/readiness/readiness.test.ts', 'src/readiness/kinds/workloads.test.ts'],
  },
  {
    name: 'a running pod is ready, whatever its containers are',
    file: 'src/readiness/kinds/workloads.ts',
    find: "  if (phase === 'Running' && ready?.status === 'True') return current();",
    replace: "  if (phase === 'Running') return current();",
    tests: ['src/readiness/readiness.test.ts', 'src/readiness/kinds/workloads.test.ts'],
  },
  {
    name: 'a waiting init container is ignored',
    file: 'src/readiness/kinds/workloads.ts',
    find: "    .concat(objectsAt(object, 'status', 'initContainerStatuses'))",
    replace: '',
    tests: ['src/readiness/readiness.test.ts', 'src/readiness/kinds/workloads.test.ts'],
  },
  {
    name: 'an older observed generation counts as current',
    file: 'src/readiness/readiness.ts',
    find: 'observed !== undefined && observed < generation) {',
    replace: 'observed !== undefined && observed < generation - 1) {',
    tests: ['src/readiness/readiness.test.ts', 'src/readiness/kinds/workloads.test.ts'],
  },
  {
    name: 'the rule of a Deployment ignores that its controller has not observed it',
    file: 'src/readiness/readiness.ts',
    find: 'if (rule?.observed === true && generation !== undefined && observed === undefined) {',
    replace: 'if (rule?.observed === true && generation === undefined && observed === undefined) {',
    tests: ['src/readiness/readiness.test.ts', 'src/readiness/kinds/workloads.test.ts'],
  },
  {
    name: 'a condition of an older generation decides',
    file: 'src/readiness/readiness.ts',
    find: 'generation !== undefined && found.observedGeneration !== undefined && found.observedGeneration < generation;',
    replace:
      'generation !== undefined && found.observedGeneration !== undefined && found.observedGeneration > generation;',
    tests: ['src/readiness/readiness.test.ts', 'src/readiness/kinds/workloads.test.ts'],
  },
  {
    name: 'an object that is being deleted is assessed by its kind',
    file: 'src/readiness/readiness.ts',
    find: '  if (deletionTimestamp !== undefined) {',
    replace: '  if (deletionTimestamp !== undefined && finalizers.length > 0) {',
    tests: ['src/readiness/readiness.test.ts', 'src/readiness/kinds/workloads.test.ts'],
  },
  {
    name: 'the oldest event comes first',
    file: 'src/readiness/causes.ts',
    find: '.toSorted((a, b) => (a.at < b.at ? 1 : -1))',
    replace: '.toSorted((a, b) => (a.at < b.at ? -1 : 1))',
    tests: ['src/readiness/causes.test.ts'],
  },
  {
    name: 'an event of an earlier object of the same name counts',
    file: 'src/readiness/causes.ts',
    find: "  if (eventUid !== '' && uid !== '') return eventUid === uid;",
    replace: '',
    tests: ['src/readiness/causes.test.ts'],
  },
  {
    name: 'the exit code 0 of a container is a cause',
    file: 'src/readiness/causes.ts',
    find: "isJsonObject(ended) && exitCodeOf(ended) !== '0' ? ended : undefined;",
    replace: 'isJsonObject(ended) ? ended : undefined;',
    tests: ['src/readiness/causes.test.ts'],
  },
];
