import type { MutationRow } from './mutate.ts';

const CHANGES = 'src/cli/dashboard/child-changes.ts';
const WATCH = 'src/cli/dashboard/child-watch.ts';
const SELECTIONS = 'src/cli/dashboard/child-selections.ts';

/** The rows of the page. */
export const DASHBOARD: readonly MutationRow[] = [
  {
    name: 'the squares of a collection do not show which object is not ready',
    file: 'src/dashboard/client/graph/picture.ts',
    find: "if (isUnready(object)) return 'waiting';",
    replace: '',
    tests: ['src/dashboard/client/graph/picture.test.ts'],
  },
  {
    name: 'the objects that are not ready are not the first of a node',
    file: 'src/dashboard/client/views/node-panel.tsx',
    find: "toneOfObject(each, { state }) !== 'ready'",
    replace: "toneOfObject(each, { state }) === 'ready'",
    tests: ['src/dashboard/client/views/components.test.tsx'],
  },
  {
    name: 'the shape of a ready state is one element for all uses',
    file: 'src/dashboard/client/shared/icons.tsx',
    find: 'return <g class={`state tone-${tone}`}>{SHAPES[tone]()}</g>;',
    replace: 'return <g class={`state tone-${tone}`}>{((SHAPES as any)[`${tone}!`] ??= SHAPES[tone]())}</g>;',
    tests: ['src/dashboard/client/views/components.test.tsx'],
  },
  {
    name: 'data without a change is not read again',
    file: 'src/dashboard/client/data/remote.ts',
    find: 'else if (repeatMs !== undefined) cancelRepeat =',
    replace: 'else if (repeatMs === 0) cancelRepeat =',
    tests: ['src/dashboard/client/data/remote.test.ts'],
  },
];

/** The rows of the server of the page. */
export const DASHBOARD_SERVER: readonly MutationRow[] = [
  {
    name: 'a new list of watched objects reports all of them',
    file: WATCH,
    find: 'if (before !== version && !isNotKnown && this.#isSelected(key))',
    replace: 'if (!isNotKnown && this.#isSelected(key))',
    tests: ['src/cli/dashboard/child-changes.test.ts'],
  },
  {
    name: 'the first list of pods reports all of them',
    file: WATCH,
    find: 'isFirst && (seen === undefined || unread?.has(key) === true)',
    replace: 'isFirst && unread?.has(key) === true',
    tests: ['src/cli/dashboard/child-changes.test.ts'],
  },
  {
    name: 'the watches of an instance never end',
    file: CHANGES,
    find: 'clock.setTimer(FOLLOW_MS, () => this.#end(ref, selection.key))',
    replace: 'clock.setTimer(FOLLOW_MS, () => undefined)',
    tests: ['src/cli/dashboard/child-changes.test.ts'],
  },
  {
    name: 'any number of instances is watched',
    file: CHANGES,
    find: '!this.#followed.has(ref) && this.#followed.size >= MAX_FOLLOWED',
    replace: '!this.#followed.has(ref) && this.#followed.size >= 1000',
    tests: ['src/cli/dashboard/child-changes.test.ts'],
  },
  {
    name: 'an external object is selected by the label of the instance',
    file: SELECTIONS,
    find: 'if (!isLabelled || lacksLabel) named.set',
    replace: 'if (!isLabelled) named.set',
    tests: ['src/cli/dashboard/child-selections.test.ts'],
  },
  {
    name: 'a workload without a selector selects all pods of its namespace',
    file: SELECTIONS,
    find: "if (!selector.ok || selector.text === '') return [];",
    replace: 'if (!selector.ok) return [];',
    tests: ['src/cli/dashboard/child-selections.test.ts'],
  },
];
