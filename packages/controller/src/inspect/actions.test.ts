import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { InspectDetails, Viewer } from './details.ts';
import { indexOfReports } from './inspect-index.ts';
import type { InspectAction } from './inspect-model.ts';
import { inspectPaths } from './paths.ts';
import { type InspectServer, serveInspect, tokenOf } from './server.ts';

const REF = 'acme.test/v1/Boat/n/b';
const viewer: Viewer = { api: undefined as never, mayList: ({ kind }) => Promise.resolve(kind === 'Boat') };
const index = indexOfReports({
  definitions: () => [],
  instances: () => [],
  report: () => undefined,
  eventsAfter: () => [],
  subscribe: () => () => undefined,
});

/** The actions that were carried out. */
let acted: string[];
const never = (): Promise<never> => Promise.reject(new Error('no test reads this'));

/** The details of a server that allows these actions. */
const detailsWith = (actions: readonly InspectAction[]): InspectDetails => ({
  meta: () =>
    Promise.resolve({ version: '1', cluster: { name: 'c' }, source: 'cluster', actions, plans: true, limits: [] }),
  definition: never,
  revision: never,
  instance: never,
  why: never,
  node: never,
  object: never,
  events: never,
  log: never,
  plan: never,
  act(ref, { action }) {
    if (ref !== REF) return Promise.resolve(undefined);
    acted.push(`${action} ${ref}`);
    return Promise.resolve({ action, changed: true, message: 'done' });
  },
});

const open: InspectServer[] = [];
const serve = async (actions: readonly InspectAction[]): Promise<string> => {
  const server = await serveInspect({ index, details: detailsWith(actions), authenticate: tokenOf('token', viewer) });
  open.push(server);
  return server.url;
};

let readOnly: string;
let acting: string;
let suspending: string;
beforeAll(async () => {
  [readOnly, acting, suspending] = await Promise.all([
    serve([]),
    serve(['suspend', 'resume', 'reconcile']),
    serve(['suspend']),
  ]);
});
beforeEach(() => (acted = []));
afterAll(async () => {
  index.close();
  await Promise.all(open.map((server) => server.close()));
});

const post = async (url: string, body: unknown, { ref = REF, ...headers }: Record<string, string> = {}) => {
  const answer = await fetch(url + inspectPaths.actions(ref), {
    method: 'POST',
    headers: { authorization: 'Bearer token', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};

const ACTIONS = ['suspend', 'resume', 'reconcile'] as const;

describe('an action on an instance', () => {
  it.each(ACTIONS)('%s is refused by a server without --allow-actions, and changes nothing', async (action) => {
    expect(await post(readOnly, { action })).toMatchObject({
      status: 403,
      body: { code: 'inspect/read-only', message: 'this server changes nothing' },
    });
    expect(acted).toEqual([]);
  });

  it.each(ACTIONS)('%s is carried out by a server with --allow-actions', async (action) => {
    expect(await post(acting, { action })).toEqual({ status: 200, body: { action, changed: true, message: 'done' } });
    expect(acted).toEqual([`${action} ${REF}`]);
  });

  it('is carried out only when it is one of the allowed actions', async () => {
    expect(await post(suspending, { action: 'reconcile' })).toMatchObject({ status: 403 });
    expect(acted).toEqual([]);
    expect(await post(suspending, { action: 'suspend' })).toMatchObject({ status: 200 });
  });

  it.each<[string, unknown, Record<string, string>, number, string]>([
    ['without a token', { action: 'suspend' }, { authorization: '' }, 401, 'inspect/token'],
    ['with another token', { action: 'suspend' }, { authorization: 'Bearer other' }, 401, 'inspect/token'],
    [
      'from a page of another origin',
      { action: 'suspend' },
      { origin: 'https://evil.test' },
      403,
      'inspect/foreign-origin',
    ],
    [
      'with the content type of a form',
      { action: 'suspend' },
      { 'content-type': 'text/plain' },
      415,
      'inspect/content-type',
    ],
    ['for an unknown action', { action: 'delete' }, {}, 400, 'inspect/bad-request'],
    ['for an action named like a member of Object', { action: 'constructor' }, {}, 400, 'inspect/bad-request'],
    [
      'on an instance that does not exist',
      { action: 'suspend' },
      { ref: 'acme.test/v1/Boat/n/c' },
      404,
      'inspect/no-instance',
    ],
    [
      'on a kind that the caller may not list',
      { action: 'suspend' },
      { ref: 'v1/Secret/n/b' },
      403,
      'inspect/forbidden',
    ],
  ])('a request %s is refused, even with --allow-actions', async (_what, body, headers, status, code) => {
    expect(await post(acting, body, headers)).toMatchObject({ status, body: { code } });
    expect(acted).toEqual([]);
  });
});
