import type { SERIES } from './exhaustive.ts';

/** A way to break the code on purpose, and what the simulation has to say to it. */
export interface Mutation {
  readonly name: string;
  /** The rule that it breaks. */
  readonly rule: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Another place in the same file, where two guards stand for one another. */
  readonly also?: { readonly find: string; readonly replace: string };
  /** One of the problems told has to match. */
  readonly told: RegExp;
  /** What is known to tell, tried first: a seed, or a series. Default 1. */
  readonly first?: number | keyof typeof SERIES;
}

/** At least one for each rule. They are applied to a copy of the source, never to the source. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'children are written before the instance',
    rule: 'finalizer before children',
    file: 'src/controller/instance/instance-reconciler.ts',
    find: 'const parent = await writeParent(',
    replace:
      'await allEffects(decision.apply.map((action) => applyChild(context, record, action)));\n    const parent = await writeParent(',
    told: /a child before the finalizer/,
    first: 11,
  },
  {
    name: 'children are written although the write of the instance failed',
    rule: 'finalizer before children',
    file: 'src/controller/instance/instance-reconciler.ts',
    find: "if (parent === 'decide-again') return true;",
    replace: '',
    told: /a child before the finalizer|does not cover/,
    first: 21,
  },
  {
    name: 'a valid inventory is never made wider',
    rule: 'inventory covers children',
    file: 'src/runtime/inventory.ts',
    find: "const covered = recorded.state === 'valid' && sameScope(recorded.scope, inventory);",
    replace: "const covered = recorded.state === 'valid';",
    told: /the inventory does not cover/,
    first: 11,
  },
  {
    name: 'the inventory shrinks before retired objects are gone',
    rule: 'inventory covers children',
    file: 'src/runtime/inventory.ts',
    find: ' && pruning.complete && pruning.remaining.length === 0',
    replace: '',
    told: /the inventory lost/,
    first: 306,
  },
  {
    name: 'objects of another ApplySet are taken',
    rule: 'only what is ours',
    file: 'src/runtime/need.ts',
    find: "if (owner !== undefined && owner !== '') return { owner };",
    replace: '',
    told: /belongs to another ApplySet/,
  },
  {
    name: 'deletes carry no UID',
    rule: 'only what is ours',
    file: 'src/controller/instance/effects.ts',
    find: 'preconditions: { uid }, signal',
    replace: 'signal',
    told: /a delete without the UID/,
    first: 11,
  },
  {
    name: 'the newest revisions are retired, not the oldest',
    rule: 'only what is ours',
    file: 'src/controller/definition/revision-store.ts',
    find: 'revisions.slice(0, Math.max(0, revisions.length - keep))',
    replace: 'revisions.slice(keep)',
    told: /deleted the newest revision/,
    first: 91,
  },
  {
    name: 'what the server normalises counts as drift',
    rule: 'no needless write',
    file: 'src/runtime/need.ts',
    find: 'if (need.differences?.length === 0) return',
    replace: 'if (need.differences?.length === -1) return',
    told: /needless write/,
    first: 16,
  },
  {
    name: 'after a restart whatever differs in text is written',
    rule: 'no needless write',
    file: 'src/runtime/need.ts',
    find: "if (whole === undefined && settled === undefined && owned !== '') return { kind: 'read' };",
    replace: '',
    told: /needless write/,
    first: 16,
  },
  {
    name: 'an effect may outlive its pass',
    rule: 'one write of an object at a time',
    file: 'src/controller/instance/each-effect.ts',
    find: 'for (const outcome of await Promise.allSettled(effects)) {',
    replace: 'await Promise.all(effects);\n  for (const outcome of [] as PromiseSettledResult<void>[]) {',
    told: /at the same time/,
    first: 'two faults in a row',
  },
  {
    name: 'a dependency that exists counts as ready',
    rule: 'dependencies before dependents',
    file: 'src/runtime/step.ts',
    find: "if (result.state === 'ready' || result.usable === true) walk.ready.set(id, result.data);",
    replace: 'walk.ready.set(id, result.data);',
    told: /which it depends on/,
  },
  {
    name: 'all waves of a deletion go at once',
    rule: 'dependents go before dependencies',
    file: 'src/runtime/deletion.ts',
    find: 'const current = members.filter((object) => applyOrderOf(object) === wave);',
    replace: 'const current = members;',
    told: /before .* of wave/,
    first: 11,
  },
  {
    name: 'the finalizer goes as soon as all is marked for deletion',
    rule: 'the finalizer goes last',
    file: 'src/runtime/deletion.ts',
    find: 'if (members.length === 0)',
    replace: 'if (members.every(({ metadata }) => metadata.deletionTimestamp !== undefined))',
    told: /the finalizer went before/,
    first: 21,
  },
  {
    name: 'the finalizer stays',
    rule: 'deletion completes',
    file: 'src/runtime/deletion.ts',
    find: "if (failed === undefined || failed.retryAt <= options.now) return decide({ finalizer: 'remove'",
    replace: "if (failed === undefined || failed.retryAt <= options.now) return decide({ finalizer: 'keep'",
    told: /deletion never completes|never becomes quiet|waits for ever/,
  },
  {
    name: 'a write is sent again without a new decision',
    rule: 'dependencies before dependents',
    file: 'src/controller/instance/effects.ts',
    find: 'const ONCE = { repeat: false } as const;',
    replace: 'const ONCE = { repeat: true } as const;',
    told: /which it depends on/,
    first: 538,
  },
  {
    name: 'a refusal to let an instance go is not left alone',
    rule: 'deletion completes',
    file: 'src/runtime/deletion.ts',
    find: 'failed.retryAt <= options.now) return decide(',
    replace: 'failed.retryAt <= Number.POSITIVE_INFINITY) return decide(',
    told: /never becomes quiet/,
    first: 2595,
  },
  {
    name: 'a conflict counts as the end of a revision',
    rule: 'same end as without faults',
    file: 'src/controller/definition/revision-store.ts',
    find: 'if (isNotFound(thrown)) return undefined;',
    replace: 'if (isNotFound(thrown) || (thrown instanceof KubeError && thrown.status === 409)) return undefined;',
    told: /revisions are left/,
    first: 'a conflict',
  },
  {
    name: 'what went while a watch was down is not noticed',
    rule: 'same end as without faults',
    file: 'src/controller/cache/kind-cache.ts',
    find: 'if (!seen.has(key) && !isLater(live.object.metadata.resourceVersion, listVersion)) this.#remove(key, live);',
    replace: 'if (!seen.has(key) && live.object.metadata.uid === listVersion) this.#remove(key, live);',
    told: /at the end|waits for ever|never completes|which it depends on/,
    first: 'a lost line',
  },
  {
    name: 'late lines bring dead objects back',
    rule: 'same end as without faults',
    file: 'src/controller/cache/kind-cache.ts',
    find: 'if (this.#dead.has(uid)) return undefined;',
    replace: '',
    told: /./,
  },
  {
    name: 'old lines count as news',
    rule: 'no needless write',
    file: 'src/controller/cache/kind-cache.ts',
    find: 'if (before !== undefined && !isNews(before, uid, resourceVersion, isReread)) return undefined;',
    replace: '',
    told: /needless write/,
    first: 51,
  },
  {
    name: 'a leader whose Lease ran out works on',
    rule: 'one leader',
    file: 'src/kube/lease.ts',
    find: '      this.#term.ending.abort();\n      this.#term.lost.abort();\n',
    replace: '',
    told: /two lead/,
    first: 211,
  },
  {
    name: 'a leader waits for an answer for as long as it takes',
    rule: 'one leader',
    file: 'src/kube/lease.ts',
    find: '      const left = next.renewedAt + this.#times.renewDeadlineMs - elapsed(this.#options.clock);\n',
    replace: '      const left = 3_600_000;\n',
    also: {
      find: 'withDeadline(this.#times.renewDeadlineMs, [this.#over.signal]',
      replace: 'withDeadline(3_600_000, [this.#over.signal]',
    },
    told: /two lead/,
    first: 488,
  },
  {
    name: 'a replica works on a shard that it lost',
    rule: 'one writer of a shard',
    file: 'src/controller/shards/run-shards.ts',
    find: '  share.leave(shard);\n',
    replace: '',
    told: /two lead/,
    first: 627,
  },
  {
    name: 'nobody is woken who waited for what was being read',
    rule: 'same end as without faults',
    file: 'src/controller/cache/cache-set.ts',
    find: 'for (const subscriber of cache.rereads.takeWaiting()) this.#options.onWake(subscriber, undefined);',
    replace: 'cache.rereads.takeWaiting();',
    told: /at the end|waits for ever|never completes/,
    first: 451,
  },
  {
    name: 'an update that the server refuses holds retired objects',
    rule: 'retired objects go',
    file: 'src/runtime/assess.ts',
    find: ' && isRefusal(problem.because.failure)',
    replace: ' && !isRefusal(problem.because.failure)',
    told: /waits for ever: seal an item/,
    first: 21,
  },
];
