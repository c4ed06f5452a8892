import type { KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { dns1035Label, dnsSubdomain, optionalAt, pathSegment } from '@typekro/kit/kubernetes';
import type { Problems } from '../errors/field-problems.ts';
import { fill } from '../types/parts.ts';
import { localCondition } from './disruption-condition.ts';
import type { Strategy } from './strategy.ts';

/** The priorities, with their maximum. */
const PRIORITIES = [
  ['groupPriorityMinimum', 20_000],
  ['versionPriority', 1000],
] as const;

const STATUSES = ['True', 'False', 'Unknown'];

/**
 * The strategy of APIServices. An APIService without `spec.service` is for a version of this server, and is available
 * at once.
 */
export const apiServiceStrategy: Partial<Strategy> = {
  validateName: pathSegment,
  defaults: (object) => fill(optionalAt(object.spec, 'service'), { port: 443 }),
  prepareCreate(object, context) {
    object.status = {};
    if (optionalAt(object.spec, 'service') !== undefined) return;
    object.status = { conditions: [localCondition(context.timestamp())] };
  },
  validate(object, problems, context) {
    if (context.subresource !== 'status') validateApiService(object, problems);
  },
};

function validateApiService(object: KubeObject, problems: Problems): void {
  const { name = '' } = object.metadata;
  const spec = problems.field('spec', object.spec);
  const [group, version, caBundle] = [spec.text('group'), spec.text('version'), spec.text('caBundle')];
  const expected = `${version.value}.${group.value}`;
  if (name !== expected && pathSegment(name).length === 0)
    problems.invalid('metadata.name', name, `must be \`spec.version+"."+spec.group\`: ${goQuote(expected)}`);
  if (group.value === '' && version.value !== 'v1')
    group.required('only v1 may have an empty group and it better be legacy kube');
  group.matchesIfSet(dnsSubdomain);
  version.matches(dns1035Label);
  for (const [key, limit] of PRIORITIES) spec.count(key).between(1, limit, `must be positive and less than ${limit}`);
  const insecure = spec.member('insecureSkipTLSVerify');
  const isInsecure = insecure.value === true;
  const service = spec.optional('service');
  if (service === undefined) {
    const bytes = `${Buffer.from(caBundle.value, 'base64').length} bytes`;
    if (caBundle.value !== '') caBundle.invalid('local APIServices may not have a caBundle', bytes);
    if (isInsecure) insecure.invalid('local APIServices may not have insecureSkipTLSVerify');
    return;
  }
  for (const key of ['namespace', 'name']) service.text(key).notEmpty();
  service.count('port').between(1, 65_535, 'port is not valid: must be between 1 and 65535, inclusive');
  if (isInsecure && caBundle.value !== '') insecure.invalid('may not be true if caBundle is present');
}

/** Checks the status that a client writes. */
export function checkApiServiceStatus(object: KubeObject, _old: KubeObject, problems: Problems): void {
  for (const condition of problems.field('status', object.status).objects('conditions'))
    condition.text('status').oneOf(STATUSES);
}
