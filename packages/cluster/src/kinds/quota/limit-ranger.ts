import { type JsonObject, type JsonValue, type KubeObject, oncePerObject } from '@typekro/kit/core';
import type { ParsedQuantity } from '@typekro/kit/kubernetes';
import { compareQuantities, formatQuantity, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { ApiError, forbidden, MAX_STORED_BYTES, STORED_TOO_LARGE } from '../../errors/api-error.ts';
import { ensureAt } from '../../types/parts.ts';
import { refusePod } from '../pods/pod-admission.ts';
import { containersOf } from '../pods/pod-resources.ts';
import { type Amounts, amountsOf, parsedAmounts, podTotals } from '../pods/pod-totals.ts';
import type { WriteContext } from '../strategy.ts';

/** The total requests and limits of a container or pod, to which the bounds of a LimitRange apply. */
type Usage = Readonly<Record<Part, Amounts>>;
const PARTS = ['requests', 'limits'] as const;
type Part = (typeof PARTS)[number];
type Bounds = Readonly<Record<'min' | 'max' | 'maxLimitRequestRatio', Amounts>>;
/** Returns the end of a message, or `undefined` when the bound is not violated. */
type Check = (name: string, bound: ParsedQuantity, usage: Usage) => string | undefined;

/** The kinds of bounds, the words of a message before and after the name of a resource, and the checks. */
const POD_CHECKS: readonly (readonly [keyof Bounds, string, string, Check])[] = [
  ['min', 'minimum ', ' usage', bounded('requests', -1)],
  ['max', 'maximum ', ' usage', bounded('limits', 1)],
  ['maxLimitRequestRatio', '', ' max limit to request ratio', ratioProblem],
];
/** Only the requests of a claim count; both `min` and `max` apply to them. */
const CLAIM_CHECKS: typeof POD_CHECKS = [
  ['min', 'minimum ', ' usage', bounded('requests', -1)],
  ['max', 'maximum ', ' usage', bounded('requests', 1)],
];

/** The LimitRanges of a namespace in one state. A pod that passes their closest bounds passes all bounds. */
interface Ranges {
  readonly all: readonly { readonly object: KubeObject }[];
  readonly closest: ReadonlyMap<string, Bounds>;
  /** The first value of each default, and the index of its LimitRange. */
  readonly defaults: Readonly<Record<Part, Map<string, readonly [JsonValue, number]>>>;
}

/**
 * Refuses a pod that violates a LimitRange of its namespace. The error lists all problems of the first violated
 * LimitRange. Throws 403.
 */
export function checkLimits(pod: KubeObject, context: WriteContext): void {
  const { all, closest } = rangesOf(pod, context);
  if (all.length === 0) return;
  const usages = usagesOf(pod.spec ?? {});
  if ([...closest].every(([type, bounds]) => problemsOf(usages[type] ?? [], type, bounds).next().done)) return;
  for (const limits of all.map(limitsOf)) {
    const problem = joined(limits.flatMap((item) => podProblems(usages, item)));
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
  for (const limits of rangesOf(claim, context).all.map(limitsOf)) {
    const problem = joined(limits.flatMap((item) => claimProblems(requests, item)));
    const { name, generateName = '' } = claim.metadata;
    if (problem !== undefined)
      throw forbidden({ group: '', plural: 'persistentvolumeclaims' }, name || generateName, problem);
  }
}

/** Sets the defaults of the namespace's LimitRanges in a pod. Its annotation names those of the last LimitRange. */
export function setLimits(pod: KubeObject, context: WriteContext): void {
  const { all, defaults } = rangesOf(pod, context);
  if (all.length === 0) return;
  const set: { readonly what: string; readonly names: (readonly [string, number])[] }[] = [];
  let [last, bytes] = [-1, 0];
  for (const [kind, list] of [['container', 'containers'] as const, ['init container', 'initContainers'] as const]) {
    for (const container of objectsAt(pod.spec, list)) {
      for (const part of PARTS) {
        const names: (typeof set)[number]['names'] = [];
        for (const [name, [value, range]] of defaults[part]) {
          const values = ensureAt(ensureAt(container, 'resources'), part);
          if (values[name] !== undefined) continue;
          bytes += name.length;
          if (bytes > MAX_STORED_BYTES) throw new ApiError({ code: 500, message: STORED_TOO_LARGE });
          values[name] = value;
          names.push([name, range]);
          last = Math.max(last, range);
        }
        set.push({ what: `${part.slice(0, -1)} for ${kind} ${textAt(container, 'name')}`, names });
      }
    }
  }
  const notes = set.flatMap(({ what, names }) => {
    const ofLast = names.flatMap(([name, range]) => (range === last ? [name] : []));
    return ofLast.length === 0 ? [] : [`${ofLast.sort().join(', ')} ${what}`];
  });
  if (notes.length === 0) return;
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    'kubernetes.io/limit-ranger': `LimitRanger plugin set: ${notes.join('; ')}`,
  };
}

const limitsOf = ({ object }: Ranges['all'][number]) => [...objectsAt(object.spec, 'limits')];

const NO_RANGES = mergeRanges([]);
/** The state that was read last, by the first LimitRange of its namespace. */
const lastState = oncePerObject((_first: Ranges['all'][number]) => ({ ranges: NO_RANGES }));

/** The LimitRanges in the namespace of an object. */
function rangesOf({ metadata: { namespace = '' } }: KubeObject, { store }: WriteContext): Ranges {
  const all = store.collection('', 'limitranges').inNamespace(namespace);
  if (all[0] === undefined) return NO_RANGES;
  const last = lastState(all[0]);
  const known = last.ranges.all;
  if (known.length !== all.length || known.some((each, index) => each !== all[index])) last.ranges = mergeRanges(all);
  return last.ranges;
}

function mergeRanges(all: Ranges['all']): Ranges {
  const closest = new Map<string, Bounds>();
  const defaults: Ranges['defaults'] = { requests: new Map(), limits: new Map() };
  for (const [range, limits] of all.map(limitsOf).entries()) {
    for (const item of limits) {
      const type = textAt(item, 'type');
      const merged = closest.get(type) ?? boundsIn({});
      closest.set(type, merged);
      for (const [part, amounts] of Object.entries(boundsOf(item)) as [keyof Bounds, Amounts][]) {
        for (const [name, amount] of amounts) {
          const other = merged[part].get(name);
          const isCloser = other === undefined || compareQuantities(amount, other) === (part === 'min' ? 1 : -1);
          if (isCloser) merged[part].set(name, amount);
        }
      }
      if (type !== 'Container') continue;
      for (const [part, key] of [['requests', 'defaultRequest'] as const, ['limits', 'default'] as const]) {
        for (const [name, value = null] of Object.entries(objectAt(item, key)))
          if (!defaults[part].has(name)) defaults[part].set(name, [value, range]);
      }
    }
  }
  return { all, closest, defaults };
}

const boundsIn = (item: JsonObject): Bounds => ({
  min: parsedAmounts(objectAt(item, 'min')),
  max: parsedAmounts(objectAt(item, 'max')),
  maxLimitRequestRatio: parsedAmounts(objectAt(item, 'maxLimitRequestRatio')),
});
const boundsOf = oncePerObject(boundsIn);

/** The usages of a pod to which limits of each type apply. LimitRanges do not count the overhead of the runtime class. */
export function usagesOf({ overhead: _overhead, ...spec }: JsonObject): Readonly<Record<string, readonly Usage[]>> {
  const usage = (owner: JsonObject, amounts: typeof podTotals) =>
    ({ requests: amounts(owner, 'requests'), limits: amounts(owner, 'limits') }) satisfies Usage;
  return { Container: containersOf(spec).map((each) => usage(each, amountsOf)), Pod: [usage(spec, podTotals)] };
}

/** Checks a pod against one limit of a LimitRange. Returns the problems, in Kubernetes' order and with its messages. */
export function podProblems(usages: ReturnType<typeof usagesOf>, item: JsonObject): string[] {
  const type = textAt(item, 'type');
  return [...problemsOf(usages[type] ?? [], type, boundsOf(item))];
}

/** Checks a claim against one limit of a LimitRange, and returns the problems. */
export function claimProblems(requests: Amounts, item: JsonObject): string[] {
  const type = textAt(item, 'type');
  const usages = type === 'PersistentVolumeClaim' ? [{ requests, limits: new Map() }] : [];
  return [...problemsOf(usages, type, boundsOf(item), CLAIM_CHECKS)];
}

/**
 * The messages for the violated bounds. A bound without an amount has the same message for all containers, so it is
 * made once. The work is the number of bounds and amounts, and not the number of bounds times that of containers.
 */
function* problemsOf(usages: readonly Usage[], type: string, bounds: Bounds, checks = POD_CHECKS): Generator<string> {
  const parts = checks.map(([part, ...rest]) => [bounds[part], new Set(bounds[part].keys()), ...rest] as const);
  for (const usage of usages) {
    const used = new Set([...usage.requests.keys(), ...usage.limits.keys()]);
    for (const [amounts, open, before, after, check] of parts) {
      for (const name of new Set([...open, ...used])) {
        if (!used.has(name)) open.delete(name);
        const bound = amounts.get(name);
        const end = bound === undefined ? undefined : check(name, bound, usage);
        if (bound && end) yield `${before}${name}${after} per ${type} is ${formatQuantity(bound)}${end}`;
      }
    }
  }
}

/** The check of a bound for which an amount is required. The other amount is compared too, if there is one. */
function bounded(required: Part, violation: 1 | -1): Check {
  const [word, parts] = required === 'requests' ? ['request', PARTS] : ['limit', PARTS.toReversed()];
  return (name, bound, usage) => {
    if (!usage[required].has(name)) return `.  No ${word} is specified`;
    for (const part of parts) {
      const amount = usage[part].get(name);
      if (amount !== undefined && compareQuantities(amount, bound) === violation)
        return `, but ${part.slice(0, -1)} is ${formatQuantity(amount)}`;
    }
    return undefined;
  };
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
