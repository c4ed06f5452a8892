import { count, nounFor, listed } from '@typekro/kit/core';
import type { FaultTestResult, Invariant, LifeFailure } from './fault-test-result.ts';

/**
 * Invariants that a summary always counts. A life is one run of an instance, from its creation to its deletion. Any
 * other invariant is counted only if a life breaks it.
 */
const ALWAYS: readonly Invariant[] = ['orphan', 'stuck', 'flap'];

/** The singular and the plural of the noun for a violation of each invariant. */
const NOUNS: Readonly<Record<Invariant, readonly [string, string]>> = {
  orphan: ['orphan', 'orphans'],
  stuck: ['stuck', 'stuck'],
  flap: ['flap', 'flaps'],
  missing: ['missing child', 'missing children'],
  differs: ['different end', 'different ends'],
  restless: ['restless', 'restless'],
  endless: ['endless', 'endless'],
  order: ['wrong order', 'wrong orders'],
  finalizer: ['wrong finalizer', 'wrong finalizers'],
  inventory: ['wrong inventory', 'wrong inventories'],
  ownership: ['wrong owner', 'wrong owners'],
  expectation: ['unmet expectation', 'unmet expectations'],
};

/** The maximum number of seeds that the summary lists per invariant. */
const MAX_SEEDS = 5;

/**
 * The summary line: `200 lives, 0 orphans, 0 stuck, 1 flap (seed 91)`. A life counts once per invariant that it breaks.
 */
export function faultSummary({ lives, planned, failures }: FaultTestResult): string {
  const counted = Object.keys(NOUNS) as Invariant[];
  const parts = counted.flatMap((invariant) => {
    const own = firstOfEachLife(failures.filter((failure) => failure.invariant === invariant));
    if (own.length === 0 && !ALWAYS.includes(invariant)) return [];
    const [one, more] = NOUNS[invariant];
    return `${count(own.length, one, more)}${seedsText(own)}`;
  });
  const run = lives === planned ? `${lives}` : `${lives} of ${planned}`;
  return [`${run} ${nounFor(planned, 'life', 'lives')}`, ...parts].join(', ');
}

/** The first failure per invariant and life. */
export function firstOfEachLife(failures: readonly LifeFailure[]): LifeFailure[] {
  const seen = new Set<string>();
  return failures.filter(({ invariant, seed, test }) => {
    const life = `${invariant} ${seed ?? `without faults ${test}`}`;
    return !seen.has(life) && seen.add(life);
  });
}

/** The first failure per invariant, and the number of other lives that break the invariant. */
export function firstOfEachInvariant(
  failures: readonly LifeFailure[],
): { readonly failure: LifeFailure; readonly more: number }[] {
  const byInvariant = new Map<Invariant, LifeFailure[]>();
  for (const failure of firstOfEachLife(failures)) {
    const known = byInvariant.get(failure.invariant);
    if (known === undefined) byInvariant.set(failure.invariant, [failure]);
    else known.push(failure);
  }
  return [...byInvariant.values()].flatMap(([failure, ...others]) =>
    failure === undefined ? [] : [{ failure, more: others.length }],
  );
}

function seedsText(failures: readonly LifeFailure[]): string {
  if (failures.length === 0) return '';
  const seeds = failures.flatMap(({ seed }) => seed ?? []);
  const bare = seeds.length < failures.length ? ['without faults'] : [];
  const named =
    seeds.length === 0 ? [] : [`${seeds.length === 1 ? 'seed' : 'seeds'} ${listed(seeds.map(String), MAX_SEEDS)}`];
  return ` (${[...bare, ...named].join('; ')})`;
}
