import type { JsonValue } from '@typekro/kit/core';
import { dnsLabel, dnsSubdomain, numberAt, optionalAt } from '@typekro/kit/kubernetes';
import { type Field, repeatedFields } from '../errors/field-problems.ts';
import { ensureAt, fill } from '../types/parts.ts';
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
    validateFlowSchema(problems.field('spec', object.spec), object.metadata.name);
    validateConditions(problems.field('status', object.status));
  },
};

/** The strategy of PriorityLevelConfigurations. */
export const priorityLevelStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = ensureAt(object, 'spec');
    fill(optionalAt(spec, 'exempt'), { nominalConcurrencyShares: 0, lendablePercent: 0 });
    fill(optionalAt(spec, 'limited'), { nominalConcurrencyShares: 30, lendablePercent: 0 });
    const queuing = optionalAt(spec, 'limited', 'limitResponse', 'queuing');
    for (const [key, value] of Object.entries({ handSize: 8, queues: 64, queueLengthLimit: 50 }))
      if (queuing !== undefined && (numberAt(queuing, key) ?? 0) === 0) queuing[key] = value;
  },
  validate(object, problems) {
    validateLevel(problems.field('spec', object.spec), object.metadata.name);
    validateConditions(problems.field('status', object.status));
  },
};

function validateFlowSchema(spec: Field, name: string | undefined): void {
  const precedence = spec.count('matchingPrecedence');
  precedence.atLeast(1, 'must be a positive value');
  precedence.atMost(MAX_PRECEDENCE, `must not be greater than ${MAX_PRECEDENCE}`);
  if (precedence.value === 1 && name !== 'exempt')
    precedence.invalid("only the schema named 'exempt' may have matchingPrecedence 1");
  spec.optional('distinguisherMethod')?.text('type').oneOf(['ByNamespace', 'ByUser']);
  spec.object('priorityLevelConfiguration').text('name').name(dnsSubdomain, 'must reference a priority level');
  spec.objects('rules').forEach(validateRule);
}

function validateRule(rule: Field): void {
  rule.objects('subjects').forEach(validateSubject);
  rule.list('subjects').notEmpty('subjects must contain at least one value');
  const [resources, paths] = [rule.objects('resourceRules'), rule.objects('nonResourceRules')];
  if (resources.length === 0 && paths.length === 0)
    rule.required('at least one of resourceRules and nonResourceRules has to be non-empty');
  resources.forEach(validateResourceRule);
  paths.forEach(validatePathRule);
}

function validateSubject(subject: Field): void {
  const kind = subject.text('kind');
  if (!Object.hasOwn(SUBJECTS, kind.value)) {
    kind.notSupported(Object.keys(SUBJECTS));
    return;
  }
  const member = SUBJECTS[kind.value as SubjectKind];
  const own = subject.optional(member);
  if (own === undefined) subject.member(member).required(`${member} is required when subject kind is '${kind.value}'`);
  else if (kind.value !== 'ServiceAccount') own.text('name').notEmpty();
  else {
    own.text('name').name((name) => (name === '*' ? [] : dnsSubdomain(name)));
    own.text('namespace').name(dnsLabel, 'must specify namespace for service account');
  }
  // The API server reports the members of other subject kinds in this order.
  for (const [otherKind, other] of Object.entries({ ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' }))
    if (other !== member)
      subject.optional(other)?.forbidden(`${other} is forbidden when subject kind is not '${otherKind}'`);
}

function validateVerbs(rule: Field): void {
  const verbs = rule.list('verbs');
  const areNames = hasNames(verbs, 'verbs must contain at least one value', 'verbs');
  if (areNames && verbs.value.some((verb) => !VERBS.includes(String(verb)))) verbs.notSupported(VERBS);
}

/** Checks that a list is not empty, and that a wildcard is its only entry. Returns whether it has names only. */
function hasNames(list: Field<readonly JsonValue[]>, whenEmpty: string, what: string): boolean {
  list.notEmpty(whenEmpty);
  const isWild = list.value.includes('*');
  if (isWild && list.value.length > 1) list.invalid(`if '*' is present, must not specify other ${what}`);
  return list.value.length > 0 && !isWild;
}

function validateResourceRule(rule: Field): void {
  validateVerbs(rule);
  hasNames(rule.list('apiGroups'), 'resource rules must supply at least one api group', 'api groups');
  hasNames(rule.list('resources'), 'resource rules must supply at least one resource', 'resources');
  const list = rule.list('namespaces');
  if (list.value.length === 0 && rule.value['clusterScope'] === true) return;
  const whenEmpty = 'resource rules that are not cluster scoped must supply at least one namespace';
  if (!hasNames(list, whenEmpty, 'namespaces')) return;
  for (const namespace of rule.texts('namespaces'))
    namespace.matches((name) =>
      dnsLabel(name).map((text) => `each member of this list must be '*' or a DNS-1123 label; ${text}`),
    );
}

function validatePathRule(rule: Field): void {
  validateVerbs(rule);
  const whenEmpty = 'nonResourceURLs must contain at least one value';
  if (!hasNames(rule.list('nonResourceURLs'), whenEmpty, 'non-resource URLs')) return;
  for (const path of rule.texts('nonResourceURLs')) path.problem(pathProblem(path.value));
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

function validateLevel(spec: Field, name: string | undefined): void {
  const type = spec.text('type');
  const [limited, exempt] = [spec.optional('limited'), spec.optional('exempt')];
  if ((name === 'exempt') !== (type.value === 'Exempt'))
    type.invalid("must be 'Exempt' if and only if `name` is 'exempt'");
  if (type.value === 'Exempt') {
    limited?.forbidden('must be nil if the type is not Limited');
    if (exempt !== undefined) validateShares(exempt);
  } else if (type.value === 'Limited') {
    exempt?.forbidden('must be nil if the type is Limited');
    if (limited === undefined) spec.member('limited').required('must not be empty when type is Limited');
    else validateLimited(limited);
  } else type.requiredOneOf(['Exempt', 'Limited']);
}

function validateShares(level: Field, response?: Field): void {
  level.number('nominalConcurrencyShares').atLeast(0, 'must be a non-negative integer');
  if (response !== undefined) validateResponse(response);
  level.number('lendablePercent').between(0, 100, 'must be between 0 and 100, inclusive');
}

function validateLimited(limited: Field): void {
  validateShares(limited, limited.object('limitResponse'));
  limited.number('borrowingLimitPercent').atLeast(0, 'if specified, must be a non-negative integer');
}

function validateResponse(response: Field): void {
  const type = response.text('type');
  const queuing = response.optional('queuing');
  if (type.value === 'Reject') queuing?.forbidden('must be nil if limited.limitResponse.type is not Limited');
  else if (type.value !== 'Queue') type.requiredOneOf(['Queue', 'Reject']);
  else if (queuing !== undefined) validateQueuing(queuing);
  else response.member('queuing').required('must not be empty if limited.limitResponse.type is Limited');
}

function validateQueuing(queuing: Field): void {
  const [queues, hand] = [queuing.count('queues'), queuing.count('handSize')];
  queuing.count('queueLengthLimit').atLeast(1, 'must be positive');
  queues.atLeast(1, 'must be positive');
  queues.atMost(MAX_QUEUES, `must not be greater than ${MAX_QUEUES}`);
  const bits = Math.ceil(Math.log2(queues.value) * hand.value);
  if (hand.value <= 0) hand.invalid('must be positive');
  else if (hand.value > queues.value) hand.invalid(`should not be greater than queues (${queues.value})`);
  else if (bits > MAX_HASH_BITS)
    hand.invalid(
      `required entropy bits of deckSize ${queues.value} and handSize ${hand.value} should not be greater than ${MAX_HASH_BITS}`,
    );
}

function validateConditions(status: Field): void {
  const types = status.objects('conditions').map((condition) => condition.text('type'));
  const repeated = repeatedFields(types);
  for (const type of types) {
    if (repeated.has(type.path)) type.duplicate();
    type.notEmpty();
  }
}
