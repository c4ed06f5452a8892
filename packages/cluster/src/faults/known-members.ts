import { remedyForName, requireKnownOptions, TypeKroError } from '@typekro/kit/core';
import type { Fault, FaultMatch, FaultOptions } from './fault.ts';
import { neverHits } from './never-hits.ts';

type MembersOf<F> = Readonly<Record<Exclude<keyof F, 'kind'>, true>>;

/**
 * The names of each fault's members. The TypeScript compiler checks that this table and the next three tables are
 * complete.
 */
const FAULTS: { readonly [Kind in Fault['kind']]: MembersOf<Extract<Fault, { kind: Kind }>> } = {
  latency: { milliseconds: true, jitterMs: true },
  error: { status: true, reason: true, message: true, retryAfterSeconds: true },
  conflict: {},
  disconnect: {},
  'lost-answer': {},
  timeout: { executed: true },
  'no-answer': { executed: true },
  stale: { resourceVersion: true, behind: true },
  'watch-drop': { afterEvents: true, how: true },
  'watch-stall': { afterEvents: true },
  'watch-delay': { milliseconds: true },
};

const MATCH: Readonly<Record<keyof FaultMatch, true>> = {
  verb: true,
  group: true,
  kind: true,
  resource: true,
  subresource: true,
  namespace: true,
  name: true,
  user: true,
  method: true,
  path: true,
  where: true,
};

const OPTIONS: Readonly<Record<keyof FaultOptions, true>> = { times: true, after: true, probability: true, seed: true };

/** The ways in which a fault ends a watch. */
const ENDS: Readonly<Record<NonNullable<Extract<Fault, { kind: 'watch-drop' }>['how']>, true>> = {
  end: true,
  break: true,
  expire: true,
};

const CODE = 'testing/unknown-option';

/**
 * Refuses a kind of fault that does not exist, unknown members of a rule, and rules that can hit no request. Without
 * this check, a misspelt condition would make the fault hit every request, and a misspelt value would make a test pass
 * although its fault never occurs.
 *
 * @throws TypeKroError `testing/unknown-option` for the first unknown name, and for the first value that no request
 *   has.
 */
export function requireKnownMembers(match: FaultMatch, fault: Fault, options: FaultOptions | number): void {
  const kind: string = fault.kind;
  if (!Object.hasOwn(FAULTS, kind))
    throw new TypeKroError(`there is no fault "${kind}"`, { code: CODE, remedy: remedyForName(kind, FAULTS) });
  requireKnownOptions('the match of a fault', match, MATCH, CODE);
  requireKnownOptions(`the fault ${fault.kind}`, fault, { kind: true, ...FAULTS[fault.kind] }, CODE);
  if (typeof options !== 'number') requireKnownOptions('a rule of faults', options, OPTIONS, CODE);
  const [mistake] = neverHits(match, fault);
  if (mistake !== undefined) {
    const { member, message, hint } = mistake;
    throw new TypeKroError(`the match of a fault hits no request because of "${member}": ${message}`, {
      code: CODE,
      remedy: hint,
    });
  }
  const how: string | undefined = fault.kind === 'watch-drop' ? fault.how : undefined;
  if (how !== undefined && !Object.hasOwn(ENDS, how))
    throw new TypeKroError(`a watch cannot end with "${how}"`, { code: CODE, remedy: remedyForName(how, ENDS) });
}
