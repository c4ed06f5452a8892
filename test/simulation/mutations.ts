/** A way to break the code on purpose, and what the simulation has to say to it. */
export interface Mutation {
  readonly name: string;
  /** The rule that it breaks. */
  readonly rule: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** One of the problems told has to match. */
  readonly told: RegExp;
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
  },
  {
    name: 'children are written although the write of the instance failed',
    rule: 'finalizer before children',
    file: 'src/controller/instance/instance-reconciler.ts',
    find: "if (parent === 'decide-again') return true;",
    replace: '',
    told: /a child before the finalizer|does not cover/,
  },
  {
    name: 'a valid inventory is never made wider',
    rule: 'inventory covers children',
    file: 'src/runtime/inventory.ts',
    find: "const covered = recorded.state === 'valid' && sameScope(recorded.scope, inventory);",
    replace: "const covered = recorded.state === 'valid';",
    told: /the inventory does not cover/,
  },
  {
    name: 'the inventory shrinks before retired objects are gone',
    rule: 'inventory covers children',
    file: 'src/runtime/inventory.ts',
    find: ' && pruning.complete && pruning.remaining.length === 0',
    replace: '',
    told: /the inventory lost/,
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
  },
  {
    name: 'the newest revisions are retired, not the oldest',
    rule: 'only what is ours',
    file: 'src/controller/definition/revision-store.ts',
    find: 'revisions.slice(0, Math.max(0, revisions.length - keep))',
    replace: 'revisions.slice(keep)',
    told: /deleted the newest revision/,
  },
  {
    name: 'what the server normalises counts as drift',
    rule: 'no needless write',
    file: 'src/runtime/need.ts',
    find: 'return need.differences?.length === 0 ?',
    replace: 'return need.differences?.length === -1 ?',
    told: /needless write/,
  },
  {
    name: 'after a restart whatever differs in text is written',
    rule: 'no needless write',
    file: 'src/runtime/need.ts',
    find: "if (whole === undefined && settled === undefined && owned !== '') return { kind: 'read' };",
    replace: '',
    told: /needless write/,
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
  },
  {
    name: 'the finalizer goes as soon as all is marked for deletion',
    rule: 'the finalizer goes last',
    file: 'src/runtime/deletion.ts',
    find: 'if (members.length === 0)',
    replace: 'if (members.every(({ metadata }) => metadata.deletionTimestamp !== undefined))',
    told: /the finalizer went before/,
  },
  {
    name: 'the finalizer stays',
    rule: 'deletion completes',
    file: 'src/controller/instance/effects.ts',
    find: 'if (removeFinalizer === true) await dropFinalizer(context, instances, instance);',
    replace: '',
    told: /deletion never completes|never becomes quiet|waits for ever/,
  },
  {
    name: 'what went while a watch was down is not noticed',
    rule: 'same end as without faults',
    file: 'src/controller/cache/kind-cache.ts',
    find: 'if (!seen.has(key) && !isLater(live.object.metadata.resourceVersion, listVersion)) this.#remove(key, live);',
    replace: 'if (!seen.has(key) && live.object.metadata.uid === listVersion) this.#remove(key, live);',
    told: /at the end|waits for ever|never completes|which it depends on/,
  },
  {
    name: 'late lines bring dead objects back',
    rule: 'same end as without faults',
    file: 'src/controller/cache/kind-cache.ts',
    find: 'if (this.#dead.has(uid)) return;',
    replace: '',
    told: /./,
  },
  {
    name: 'old lines count as news',
    rule: 'same end as without faults',
    file: 'src/controller/cache/kind-cache.ts',
    find: 'if (before !== undefined && !this.#isNews(before, uid, resourceVersion)) return;',
    replace: '',
    told: /./,
  },
  {
    name: 'a leader whose Lease ran out works on',
    rule: 'one leader',
    file: 'src/kube/lease.ts',
    find: '      this.#term.ending.abort();\n      this.#term.lost.abort();\n',
    replace: '',
    told: /two lead/,
  },
  {
    name: 'a leader waits for an answer for as long as it takes',
    rule: 'one leader',
    file: 'src/kube/lease.ts',
    find: '      const left = next.renewedAt + this.#times.renewDeadlineMs - this.#elapsed();\n',
    replace: '      const left = 600_000;\n',
    told: /two lead/,
  },
];
