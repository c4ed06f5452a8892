import type { MutationRow } from './mutate.ts';

const ACTIONS = ['packages/controller/src/inspect/actions.test.ts'];

/** Mistakes in the HTTP interface of the dashboard. */
export const INSPECT: readonly MutationRow[] = [
  {
    name: 'a token in the address is accepted',
    file: 'packages/controller/src/inspect/server.ts',
    find: 'const token = tokenIn(request);',
    replace: "const token = tokenIn(request) || (searchParams.get('token') ?? '');",
    tests: ['packages/controller/src/inspect/server.test.ts'],
  },
  {
    name: 'a server without --allow-actions carries out actions',
    file: 'packages/controller/src/inspect/routes.ts',
    find: 'if (!actions.includes(action.action)) throw notAllowed();',
    replace: '',
    tests: ACTIONS,
  },
  {
    name: 'one allowed action allows all actions',
    file: 'packages/controller/src/inspect/routes.ts',
    find: 'if (!actions.includes(action.action)) throw notAllowed();',
    replace: 'if (actions.length === 0) throw notAllowed();',
    tests: ACTIONS,
  },
  {
    name: 'a request with the content type of a form is accepted',
    file: 'packages/controller/src/inspect/server.ts',
    find: 'refuseOtherTypes(request.headers);',
    replace: '',
    tests: [...ACTIONS, 'packages/controller/src/inspect/server.test.ts'],
  },
  {
    name: 'an expression that reads an iterator counts as an expression with one value',
    file: 'packages/controller/src/inspect/expression-value.ts',
    find: "iterators.includes(name) || name === 'each'",
    replace: "name === 'each'",
    tests: ['packages/dashboard/src/playground/run-playground.test.ts'],
  },
  {
    name: 'a response that takes long is cut off, because its connection counts as idle',
    file: 'packages/controller/src/inspect/server.ts',
    find: 'request.socket.setTimeout(0);',
    replace: '',
    tests: ['packages/controller/src/inspect/server.test.ts'],
  },
  {
    name: 'a subject with a slash that is not the address of an instance counts as a definition',
    file: 'packages/controller/src/inspect/visible-rows.ts',
    find: "subject.includes('/') ? false : viewer.mayList(DEFINITION)",
    replace: 'viewer.mayList(DEFINITION)',
    tests: ['packages/controller/src/inspect/visible-rows.test.ts'],
  },
];
