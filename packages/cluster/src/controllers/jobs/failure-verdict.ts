import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { conditionOf, listAt, numberAt, objectAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';

/** The decision of a Job's failure policy about a failed pod. */
export interface FailureVerdict {
  readonly action: 'Count' | 'FailIndex' | 'FailJob' | 'Ignore';
  /** The reason why the Job fails; empty unless the action is `FailJob`. */
  readonly message: string;
}

const COUNTED: FailureVerdict = { action: 'Count', message: '' };

/**
 * Returns the decision of the first rule of `podFailurePolicy` that matches a failed pod. When no rule matches, the
 * failure is counted.
 */
export function failureVerdict(job: KubeObject, pod: KubeObject): FailureVerdict {
  for (const [index, rule] of objectsAt(objectAt(job.spec, 'podFailurePolicy'), 'rules').entries()) {
    const match = matchOf(rule, pod);
    if (match === undefined) continue;
    const action = textAt(rule, 'action');
    if (action === 'FailIndex' || action === 'Ignore') return { action, message: '' };
    if (action !== 'FailJob') return COUNTED;
    return { action, message: `${match} matching FailJob rule at index ${index}` };
  }
  return COUNTED;
}

/**
 * Describes the failed container or the condition that matches the rule, in the words of the Job's condition. Returns
 * `undefined` without a match.
 */
function matchOf(rule: JsonObject, pod: KubeObject): string | undefined {
  const place = `pod ${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`;
  const codes = optionalAt(rule, 'onExitCodes');
  if (codes !== undefined) {
    const values = new Set(listAt(codes, 'values'));
    const only = textAt(codes, 'containerName');
    for (const status of ['initContainerStatuses', 'containerStatuses'].flatMap((list) =>
      objectsAt(pod.status, list),
    )) {
      const name = textAt(status, 'name');
      const code = numberAt(objectAt(objectAt(status, 'state'), 'terminated'), 'exitCode');
      // A container that ended with exit code 0 never matches, regardless of the rule's operator.
      if (code === undefined || code === 0 || (only !== '' && only !== name)) continue;
      if (values.has(code) === (textAt(codes, 'operator') === 'In')) {
        return `Container ${name} for ${place} failed with exit code ${code}`;
      }
    }
    return undefined;
  }
  for (const pattern of objectsAt(rule, 'onPodConditions')) {
    const type = textAt(pattern, 'type');
    if (conditionOf(pod, type)?.['status'] === (textAt(pattern, 'status') || 'True')) {
      return `Pod ${place.slice(4)} has condition ${type}`;
    }
  }
  return undefined;
}

/**
 * Describes the first rule of `successPolicy` that the succeeded indexes fulfil, in the words of the Job's condition.
 * Returns `undefined` when they fulfil no rule.
 */
export function successOf(job: KubeObject, done: ReadonlySet<number>): string | undefined {
  const rules = objectsAt(objectAt(job.spec, 'successPolicy'), 'rules');
  const index = rules.findIndex((rule) => {
    const text = textAt(rule, 'succeededIndexes');
    const wanted = text === '' ? undefined : indexesIn(text);
    const succeeded = wanted === undefined ? done.size : [...wanted].filter((entry) => done.has(entry)).length;
    const count = numberAt(rule, 'succeededCount') ?? wanted?.size ?? Number.POSITIVE_INFINITY;
    return succeeded >= count;
  });
  return index < 0 ? undefined : `Matched rules at index ${index}`;
}

/** Parses a list of numbers and ranges, such as `0-2,5`. */
export function indexesIn(text: string): Set<number> {
  const found = new Set<number>();
  for (const part of text.split(',').filter((entry) => entry !== '')) {
    const [first = 0, last = first] = part.split('-').map(Number);
    for (let index = first; index <= last; index += 1) found.add(index);
  }
  return found;
}

/** Formats indexes as in the status of a Job. Three or more consecutive indexes become a range. */
export function textOfIndexes(indexes: ReadonlySet<number>): string {
  const parts: { first: number; last: number }[] = [];
  for (const index of [...indexes].toSorted((a, b) => a - b)) {
    const open = parts.at(-1);
    if (open !== undefined && open.last === index - 1) open.last = index;
    else parts.push({ first: index, last: index });
  }
  const texts = parts.map(({ first, last }) => {
    if (first === last) return `${first}`;
    return last === first + 1 ? `${first},${last}` : `${first}-${last}`;
  });
  return texts.join(',');
}
