import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import {
  dnsLabel,
  dnsSubdomain,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  textAt,
} from '@typekro/kit/kubernetes';
import type { Problems } from '../errors/field-problems.ts';
import { ensureAt } from '../types/parts.ts';
import type { Strategy } from './strategy.ts';

const MAX_PRECEDENCE = 10_000;
const MAX_QUEUES = 10_000_000;
/**
 * The maximum number of bits of a hash for the choice of a request's queues: `handSize` times the binary logarithm of
 * `queues`.
 */
const MAX_HASH_BITS = 60;
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
const SUBJECTS = { Group: 'group', ServiceAccount: 'serviceAccount', User: 'user' } as const;
type SubjectKind = keyof typeof SUBJECTS;

/**
 * The strategy of FlowSchemas. FlowSchemas are checked and stored, but have no effect: requests never wait in a queue.
 */
export const flowSchemaStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = ensureAt(object, 'spec');
    if ((numberAt(spec, 'matchingPrecedence') ?? 0) === 0) spec['matchingPrecedence'] = 1000;
  },
  validate(object, problems) {
    validateFlowSchema(object, problems);
    validateConditions(object, problems);
  },
};

/** The strategy of PriorityLevelConfigurations. */
export const priorityLevelStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = ensureAt(object, 'spec');
    const exempt = optionalAt(spec, 'exempt');
    if (exempt !== undefined) setMissing(exempt, { nominalConcurrencyShares: 0, lendablePercent: 0 });
    const limited = optionalAt(spec, 'limited');
    if (limited === undefined) return;
    setMissing(limited, { nominalConcurrencyShares: 30, lendablePercent: 0 });
    const queuing = optionalAt(objectAt(limited, 'limitResponse'), 'queuing');
    for (const [key, value] of Object.entries({ handSize: 8, queues: 64, queueLengthLimit: 50 }))
      if (queuing !== undefined && (numberAt(queuing, key) ?? 0) === 0) queuing[key] = value;
  },
  validate(object, problems) {
    validateLevel(object, problems);
    validateConditions(object, problems);
  },
};

function setMissing(owner: JsonObject, values: JsonObject): void {
  for (const [key, value] of Object.entries(values)) owner[key] ??= value ?? null;
}

function validateFlowSchema({ metadata, spec = {} }: KubeObject, problems: Problems): void {
  const precedence = numberAt(spec, 'matchingPrecedence') ?? 0;
  const at = 'spec.matchingPrecedence';
  if (precedence <= 0) problems.invalid(at, precedence, 'must be a positive value');
  if (precedence > MAX_PRECEDENCE) problems.invalid(at, precedence, `must not be greater than ${MAX_PRECEDENCE}`);
  if (precedence === 1 && metadata.name !== 'exempt')
    problems.invalid(at, precedence, "only the schema named 'exempt' may have matchingPrecedence 1");
  const method = optionalAt(spec, 'distinguisherMethod');
  if (method !== undefined && !['ByNamespace', 'ByUser'].includes(textAt(method, 'type')))
    problems.notSupported('spec.distinguisherMethod.type', textAt(method, 'type'), ['ByNamespace', 'ByUser']);
  const level = textAt(objectAt(spec, 'priorityLevelConfiguration'), 'name');
  const levelAt = 'spec.priorityLevelConfiguration.name';
  problems.requireName(levelAt, level, dnsSubdomain, 'must reference a priority level');
  for (const [index, rule] of objectsAt(spec, 'rules').entries()) validateRule(rule, `spec.rules[${index}]`, problems);
}

function validateRule(rule: JsonObject, at: string, problems: Problems): void {
  const [subjects, resources, paths] = ['subjects', 'resourceRules', 'nonResourceRules'].map((key) =>
    objectsAt(rule, key),
  ) as [JsonObject[], JsonObject[], JsonObject[]];
  for (const [index, subject] of subjects.entries()) validateSubject(subject, `${at}.subjects[${index}]`, problems);
  if (subjects.length === 0) problems.required(`${at}.subjects`, 'subjects must contain at least one value');
  if (resources.length === 0 && paths.length === 0)
    problems.required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty');
  for (const [index, entry] of resources.entries())
    validateResourceRule(entry, `${at}.resourceRules[${index}]`, problems);
  for (const [index, entry] of paths.entries()) validatePathRule(entry, `${at}.nonResourceRules[${index}]`, problems);
}

function validateSubject(subject: JsonObject, at: string, problems: Problems): void {
  const kind = textAt(subject, 'kind');
  if (!Object.hasOwn(SUBJECTS, kind)) {
    problems.notSupported(`${at}.kind`, kind, Object.keys(SUBJECTS));
    return;
  }
  const member = SUBJECTS[kind as SubjectKind];
  const own = optionalAt(subject, member);
  if (own === undefined) {
    problems.required(`${at}.${member}`, `${member} is required when subject kind is '${kind}'`);
  } else {
    const name = textAt(own, 'name');
    if (name === '') problems.required(`${at}.${member}.name`);
    else if (kind === 'ServiceAccount' && name !== '*')
      problems.invalidFor(`${at}.${member}.name`, name, dnsSubdomain(name));
    const namespace = textAt(own, 'namespace');
    if (kind === 'ServiceAccount' && namespace === '')
      problems.required(`${at}.${member}.namespace`, 'must specify namespace for service account');
    else if (kind === 'ServiceAccount')
      problems.invalidFor(`${at}.${member}.namespace`, namespace, dnsLabel(namespace));
  }
  // The API server reports the members of other subject kinds in this order.
  for (const [otherKind, other] of Object.entries({ ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' }))
    if (other !== member && optionalAt(subject, other) !== undefined)
      problems.forbidden(`${at}.${other}`, `${other} is forbidden when subject kind is not '${otherKind}'`);
}

function validateVerbs(rule: JsonObject, at: string, problems: Problems): void {
  const verbs = listAt(rule, 'verbs');
  if (verbs.length === 0) problems.required(`${at}.verbs`, 'verbs must contain at least one value');
  else if (verbs.includes('*')) checkWildcard(verbs, `${at}.verbs`, 'verbs', problems);
  else if (verbs.some((verb) => !VERBS.includes(String(verb)))) problems.notSupported(`${at}.verbs`, verbs, VERBS);
}

function checkWildcard(values: readonly JsonValue[], at: string, what: string, problems: Problems): void {
  if (values.length > 1 && values.includes('*'))
    problems.invalid(at, values, `if '*' is present, must not specify other ${what}`);
}

function validateResourceRule(rule: JsonObject, at: string, problems: Problems): void {
  validateVerbs(rule, at, problems);
  for (const [key, one, many] of [
    ['apiGroups', 'api group', 'api groups'],
    ['resources', 'resource', 'resources'],
  ] as const) {
    const values = listAt(rule, key);
    if (values.length === 0) problems.required(`${at}.${key}`, `resource rules must supply at least one ${one}`);
    else checkWildcard(values, `${at}.${key}`, many, problems);
  }
  const namespaces = listAt(rule, 'namespaces');
  if (namespaces.length === 0 && rule['clusterScope'] !== true)
    problems.required(
      `${at}.namespaces`,
      'resource rules that are not cluster scoped must supply at least one namespace',
    );
  else if (namespaces.includes('*')) checkWildcard(namespaces, `${at}.namespaces`, 'namespaces', problems);
  else
    for (const [index, namespace] of namespaces.map(String).entries())
      for (const text of dnsLabel(namespace))
        problems.invalid(
          `${at}.namespaces[${index}]`,
          namespace,
          `each member of this list must be '*' or a DNS-1123 label; ${text}`,
        );
}

function validatePathRule(rule: JsonObject, at: string, problems: Problems): void {
  validateVerbs(rule, at, problems);
  const paths = listAt(rule, 'nonResourceURLs');
  const place = `${at}.nonResourceURLs`;
  if (paths.length === 0) problems.required(place, 'nonResourceURLs must contain at least one value');
  else if (paths.includes('*')) checkWildcard(paths, place, 'non-resource URLs', problems);
  else
    for (const [index, path] of paths.map(String).entries()) {
      const problem = pathProblem(path);
      if (problem !== undefined) problems.invalid(`${place}[${index}]`, path, problem);
    }
}

function pathProblem(path: string): string | undefined {
  if (path === '') return 'must not be empty';
  if (path === '/') return undefined;
  if (!path.startsWith('/')) return 'must start with slash';
  if (path.includes(' ')) return 'must not contain white-space';
  if (path.includes('//')) return 'must not contain double slash';
  const wildcards = path.split('*').length - 1;
  const isSuffix = wildcards === 0 || (wildcards === 1 && path.endsWith('/*'));
  return isSuffix ? undefined : 'wildcard can only do suffix matching';
}

function validateLevel({ metadata, spec = {} }: KubeObject, problems: Problems): void {
  const type = textAt(spec, 'type');
  const [limited, exempt] = [optionalAt(spec, 'limited'), optionalAt(spec, 'exempt')];
  if ((metadata.name === 'exempt') !== (type === 'Exempt'))
    problems.invalid('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'");
  if (type === 'Exempt') {
    if (limited !== undefined) problems.forbidden('spec.limited', 'must be nil if the type is not Limited');
    if (exempt !== undefined) validateShares(exempt, 'spec.exempt', problems);
  } else if (type === 'Limited') {
    if (exempt !== undefined) problems.forbidden('spec.exempt', 'must be nil if the type is Limited');
    if (limited === undefined) problems.required('spec.limited', 'must not be empty when type is Limited');
    else validateLimited(limited, problems);
  } else if (type === '') problems.required('spec.type');
  else problems.notSupported('spec.type', type, ['Exempt', 'Limited']);
}

function validateShares(level: JsonObject, at: string, problems: Problems): void {
  const shares = numberAt(level, 'nominalConcurrencyShares');
  if (shares !== undefined && shares < 0)
    problems.invalid(`${at}.nominalConcurrencyShares`, shares, 'must be a non-negative integer');
  if (at === 'spec.limited') validateResponse(objectAt(level, 'limitResponse'), `${at}.limitResponse`, problems);
  const lendable = numberAt(level, 'lendablePercent');
  if (lendable !== undefined && (lendable < 0 || lendable > 100))
    problems.invalid(`${at}.lendablePercent`, lendable, 'must be between 0 and 100, inclusive');
}

function validateLimited(limited: JsonObject, problems: Problems): void {
  validateShares(limited, 'spec.limited', problems);
  const borrowing = numberAt(limited, 'borrowingLimitPercent');
  if (borrowing !== undefined && borrowing < 0)
    problems.invalid('spec.limited.borrowingLimitPercent', borrowing, 'if specified, must be a non-negative integer');
}

function validateResponse(response: JsonObject, at: string, problems: Problems): void {
  const type = textAt(response, 'type');
  const queuing = optionalAt(response, 'queuing');
  if (type === 'Reject') {
    if (queuing !== undefined)
      problems.forbidden(`${at}.queuing`, 'must be nil if limited.limitResponse.type is not Limited');
  } else if (type === 'Queue') {
    if (queuing === undefined)
      problems.required(`${at}.queuing`, 'must not be empty if limited.limitResponse.type is Limited');
    else validateQueuing(queuing, `${at}.queuing`, problems);
  } else if (type === '') problems.required(`${at}.type`);
  else problems.notSupported(`${at}.type`, type, ['Queue', 'Reject']);
}

function validateQueuing(queuing: JsonObject, at: string, problems: Problems): void {
  const [queues, hand, length] = ['queues', 'handSize', 'queueLengthLimit'].map(
    (key) => numberAt(queuing, key) ?? 0,
  ) as [number, number, number];
  if (length <= 0) problems.invalid(`${at}.queueLengthLimit`, length, 'must be positive');
  if (queues <= 0) problems.invalid(`${at}.queues`, queues, 'must be positive');
  else if (queues > MAX_QUEUES) problems.invalid(`${at}.queues`, queues, `must not be greater than ${MAX_QUEUES}`);
  if (hand <= 0) problems.invalid(`${at}.handSize`, hand, 'must be positive');
  else if (hand > queues) problems.invalid(`${at}.handSize`, hand, `should not be greater than queues (${queues})`);
  else if (Math.ceil(Math.log2(queues) * hand) > MAX_HASH_BITS)
    problems.invalid(
      `${at}.handSize`,
      hand,
      `required entropy bits of deckSize ${queues} and handSize ${hand} should not be greater than ${MAX_HASH_BITS}`,
    );
}

function validateConditions({ status }: KubeObject, problems: Problems): void {
  const seen = new Set<string>();
  for (const [index, condition] of objectsAt(status, 'conditions').entries()) {
    const type = textAt(condition, 'type');
    const at = `status.conditions[${index}].type`;
    if (seen.has(type)) problems.duplicate(at, type);
    seen.add(type);
    if (type === '') problems.required(at);
  }
}
