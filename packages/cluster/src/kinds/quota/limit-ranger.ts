import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { ParsedQuantity } from '@typekro/kit/kubernetes';
import { compareQuantities, formatQuantity, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { forbidden } from '../../errors/api-error.ts';
import { ensureAt } from '../../types/parts.ts';
import { refusePod } from '../pods/pod-admission.ts';
import type { Amounts } from '../pods/pod-totals.ts';
import { amountsOf, parsedAmounts, podTotals } from '../pods/pod-totals.ts';
import type { WriteContext } from '../strategy.ts';

/** The total requests and limits of a container or pod, to which the bounds of a LimitRange apply. */
type Usage = Readonly<Record<Part, Amounts>>;
type Part = 'requests' | 'limits';

/**
 * Refuses a pod that violates a LimitRange of its namespace. The error lists all problems of the first violated
 * LimitRange. Throws 403.
 */
export function checkLimits(pod: KubeObject, context: WriteContext): void {
  for (const limits of rangesOf(pod, context)) {
    const problem = joined(limits.flatMap((item) => podProblems(pod.spec ?? {}, item)));
    if (problem !== undefined) throw refusePod(pod, problem);
  }
}

/**
 * Refuses a claim whose requests violate a LimitRange of its namespace. The error lists all problems of the first
 * violated LimitRange. Throws 403.
 */
export function checkClaimLimits(claim: KubeObject, context: WriteContext): void {
  // An update of an object that is being deleted, such as the removal of its finalizers, always passes.
  if (claim.metadata.deletionTimestamp !== undefined) return;
  const requests = amountsOf(claim.spec ?? {}, 'requests');
  for (const limits of rangesOf(claim, context)) {
    const items = limits.filter(({ type }) => type === 'PersistentVolumeClaim');
    const problem = joined(items.flatMap((item) => claimProblems(requests, item)));
    const { name, generateName = '' } = claim.metadata;
    if (problem !== undefined)
      throw forbidden({ group: '', plural: 'persistentvolumeclaims' }, name || generateName, problem);
  }
}

/** Sets the defaults of the namespace's LimitRanges in a pod. */
export function setLimits(pod: KubeObject, context: WriteContext): void {
  for (const limits of rangesOf(pod, context)) {
    const items = limits.filter(({ type }) => type === 'Container');
    const defaults = {
      requests: Object.assign({}, ...items.map((item) => objectAt(item, 'defaultRequest'))) as JsonObject,
      limits: Object.assign({}, ...items.map((item) => objectAt(item, 'default'))) as JsonObject,
    };
    const notes = [
      ...objectsAt(pod.spec, 'containers').flatMap((each) => applyDefaults(each, 'container', defaults)),
      ...objectsAt(pod.spec, 'initContainers').flatMap((each) => applyDefaults(each, 'init container', defaults)),
    ];
    if (notes.length === 0) continue;
    pod.metadata.annotations = {
      ...pod.metadata.annotations,
      'kubernetes.io/limit-ranger': `LimitRanger plugin set: ${notes.join('; ')}`,
    };
  }
}

/** The limits of each LimitRange in the namespace of an object. */
function* rangesOf({ metadata: { namespace = '' } }: KubeObject, { store }: WriteContext): Generator<JsonObject[]> {
  for (const { object } of store.collection('', 'limitranges').inNamespace(namespace))
    yield [...objectsAt(object.spec, 'limits')];
}

function applyDefaults(container: JsonObject, what: string, defaults: Record<Part, JsonObject>): string[] {
  const notes: string[] = [];
  for (const key of ['requests', 'limits'] as const) {
    const set: string[] = [];
    for (const [name, value] of Object.entries(defaults[key])) {
      const values = ensureAt(ensureAt(container, 'resources'), key);
      if (values[name] !== undefined) continue;
      values[name] = value;
      set.push(name);
    }
    if (set.length > 0)
      notes.push(`${set.sort().join(', ')} ${key.slice(0, -1)} for ${what} ${textAt(container, 'name')}`);
  }
  return notes;
}

/** Checks a pod against one limit of a LimitRange. Returns the problems, in Kubernetes' order and with its messages. */
export function podProblems(spec: JsonObject, item: JsonObject): string[] {
  if (item['type'] === 'Container') {
    const containers = [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')];
    const usages = containers.map((each) => ({
      requests: amountsOf(each, 'requests'),
      limits: amountsOf(each, 'limits'),
    }));
    return usages.flatMap((usage) => usageProblems(usage, item));
  }
  if (item['type'] !== 'Pod') return [];
  // LimitRanges do not count the overhead of the runtime class.
  const { overhead: _overhead, ...counted } = spec;
  return usageProblems({ requests: podTotals(counted, 'requests'), limits: podTotals(counted, 'limits') }, item);
}

/**
 * Checks a claim against one limit of a LimitRange, and returns the problems. Only the requests of the claim count;
 * both `min` and `max` apply to them.
 */
export function claimProblems(requests: Amounts, item: JsonObject): string[] {
  const usage = { requests, limits: new Map() };
  const smallest = boundProblems(item, 'min', (name, bound) => minProblem(name, bound, usage));
  const largest = boundProblems(item, 'max', (name, bound) => {
    const request = requests.get(name);
    if (request === undefined) return '.  No request is specified';
    return compareQuantities(request, bound) > 0 ? `, but request is ${formatQuantity(request)}` : undefined;
  });
  return [...smallest, ...largest];
}

function usageProblems(usage: Usage, item: JsonObject): string[] {
  return [
    ...boundProblems(item, 'min', (name, bound) => minProblem(name, bound, usage)),
    ...boundProblems(item, 'max', (name, bound) => maxProblem(name, bound, usage)),
    ...boundProblems(item, 'maxLimitRequestRatio', (name, bound) => ratioProblem(name, bound, usage)),
  ];
}

type Check = (name: string, bound: ParsedQuantity) => string | undefined;

/**
 * The messages for the violated bounds. `check` returns the end of a message, or `undefined` when the bound is not
 * violated.
 */
function boundProblems(item: JsonObject, part: 'min' | 'max' | 'maxLimitRequestRatio', check: Check): string[] {
  const problems: string[] = [];
  for (const [name, bound] of parsedAmounts(objectAt(item, part))) {
    const end = check(name, bound);
    if (end === undefined) continue;
    const what = {
      min: `minimum ${name} usage`,
      max: `maximum ${name} usage`,
      maxLimitRequestRatio: `${name} max limit to request ratio`,
    }[part];
    problems.push(`${what} per ${textAt(item, 'type')} is ${formatQuantity(bound)}${end}`);
  }
  return problems;
}

function minProblem(name: string, bound: ParsedQuantity, { requests, limits }: Usage): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)];
  if (request === undefined) return '.  No request is specified';
  if (compareQuantities(request, bound) < 0) return `, but request is ${formatQuantity(request)}`;
  if (limit !== undefined && compareQuantities(limit, bound) < 0) return `, but limit is ${formatQuantity(limit)}`;
  return undefined;
}

function maxProblem(name: string, bound: ParsedQuantity, { requests, limits }: Usage): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)];
  if (limit === undefined) return '.  No limit is specified';
  if (compareQuantities(limit, bound) > 0) return `, but limit is ${formatQuantity(limit)}`;
  if (request !== undefined && compareQuantities(request, bound) > 0)
    return `, but request is ${formatQuantity(request)}`;
  return undefined;
}

function ratioProblem(name: string, bound: ParsedQuantity, { requests, limits }: Usage): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)].map((amount) => toMilli(amount));
  if (request === undefined || request === 0) return ', but no request is specified or request is 0';
  if (limit === undefined || limit === 0) return ', but no limit is specified or limit is 0';
  const ratio = limit / request;
  return ratio * 1000 > (toMilli(bound) ?? 0) ? `, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}

/**
 * An amount in thousandths, rounded up. A ratio of two whole numbers avoids the rounding error of decimal fractions:
 * 0.3 / 0.1 is less than 3.
 */
function toMilli(amount: ParsedQuantity | undefined): number | undefined {
  if (amount === undefined) return undefined;
  const scale = amount.scale + 3;
  if (scale >= 0) return Number(amount.unscaled * 10n ** BigInt(scale));
  const divisor = 10n ** BigInt(-scale);
  return Number((amount.unscaled + divisor - 1n) / divisor);
}

/** Joins several problems to one message, as Kubernetes joins errors: without repetitions, in brackets. */
function joined(problems: readonly string[]): string | undefined {
  const texts = [...new Set(problems)];
  return texts.length > 1 ? `[${texts.join(', ')}]` : texts[0];
}
