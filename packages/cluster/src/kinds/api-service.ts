import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import {
  dns1035Label,
  dnsSubdomain,
  numberAt,
  objectsAt,
  optionalAt,
  pathSegment,
  textAt,
} from '@typekro/kit/kubernetes';
import type { Problems } from '../errors/field-problems.ts';
import { fill } from '../types/parts.ts';
import { localCondition } from './disruption-condition.ts';
import type { Strategy } from './strategy.ts';

const MAX_GROUP_PRIORITY = 20_000;
const MAX_VERSION_PRIORITY = 1000;

const STATUSES = ['True', 'False', 'Unknown'];

/**
 * The strategy of APIServices. An APIService without `spec.service` is for a version of this server, and is available
 * at once.
 */
export const apiServiceStrategy: Partial<Strategy> = {
  validateName: pathSegment,
  defaults(object) {
    const service = optionalAt(object.spec, 'service');
    if (service !== undefined) fill(service, { port: 443 });
  },
  prepareCreate(object, context) {
    object.status = {};
    if (optionalAt(object.spec, 'service') !== undefined) return;
    object.status = { conditions: [localCondition(context.timestamp())] };
  },
  validate(object, problems, context) {
    if (context.subresource !== 'status') validateApiService(object, problems);
  },
};

function validateApiService({ metadata, spec = {} }: KubeObject, problems: Problems): void {
  const { name = '' } = metadata;
  const [group, version] = [textAt(spec, 'group'), textAt(spec, 'version')];
  const expected = `${version}.${group}`;
  if (name !== expected && pathSegment(name).length === 0)
    problems.invalid('metadata.name', name, `must be \`spec.version+"."+spec.group\`: ${goQuote(expected)}`);
  if (group === '' && version !== 'v1')
    problems.required('spec.group', 'only v1 may have an empty group and it better be legacy kube');
  if (group !== '') problems.invalidFor('spec.group', group, dnsSubdomain(group));
  problems.invalidFor('spec.version', version, dns1035Label(version));
  checkPriority(spec, 'groupPriorityMinimum', MAX_GROUP_PRIORITY, problems);
  checkPriority(spec, 'versionPriority', MAX_VERSION_PRIORITY, problems);
  const caBundle = textAt(spec, 'caBundle');
  const isInsecure = spec['insecureSkipTLSVerify'] === true;
  const service = optionalAt(spec, 'service');
  if (service === undefined) {
    const bytes = `${Buffer.from(caBundle, 'base64').length} bytes`;
    if (caBundle !== '') problems.invalid('spec.caBundle', bytes, 'local APIServices may not have a caBundle');
    if (isInsecure)
      problems.invalid('spec.insecureSkipTLSVerify', true, 'local APIServices may not have insecureSkipTLSVerify');
    return;
  }
  for (const key of ['namespace', 'name']) if (textAt(service, key) === '') problems.required(`spec.service.${key}`);
  const port = numberAt(service, 'port') ?? 0;
  if (port < 1 || port > 65_535)
    problems.invalid('spec.service.port', port, 'port is not valid: must be between 1 and 65535, inclusive');
  if (isInsecure && caBundle !== '')
    problems.invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present');
}

function checkPriority(spec: JsonObject, key: string, limit: number, problems: Problems): void {
  const value = numberAt(spec, key) ?? 0;
  if (value <= 0 || value > limit) problems.invalid(`spec.${key}`, value, `must be positive and less than ${limit}`);
}

/** Checks the status that a client writes. */
export function checkApiServiceStatus(object: KubeObject, _old: KubeObject, problems: Problems): void {
  for (const [index, condition] of objectsAt(object.status, 'conditions').entries()) {
    const status = textAt(condition, 'status');
    problems.requireOneOf(`status.conditions[${index}].status`, status, STATUSES);
  }
}
