import { describe, expect, it } from 'vitest';
import { type KubernetesApi, type ResourceType, KubeError } from '@typekro/kube';
import { checkOwnKinds } from './own-kinds.ts';

const KIND: ResourceType = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' };
const RESOURCE = { plural: 'resourcegraphdefinitions' };

interface Server {
  readonly stopAfterPauses?: number;
  /** Has the server responded before? Default: false. */
  readonly isReached?: boolean;
}

/**
 * Checks the kind against a server with these responses. A response that is an error rejects its request. Each pause
 * ends at once. The pause with the number `stopAfterPauses` ends because the check is stopped.
 */
async function check(
  answers: readonly unknown[],
  { stopAfterPauses = Number.POSITIVE_INFINITY, isReached = false }: Server = {},
) {
  const left = [...answers];
  const pauses: number[] = [];
  const logged: string[] = [];
  const waits: string[] = [];
  const stop = new AbortController();
  const resourceOf = () => {
    const answer = left.shift();
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const failure: unknown = await checkOwnKinds({
    client: { discovery: { resourceOf } } as unknown as Pick<KubernetesApi, 'discovery'>,
    clock: {
      now: () => 0,
      setTimer(milliseconds, callback) {
        pauses.push(milliseconds);
        queueMicrotask(() => (pauses.length >= stopAfterPauses ? stop.abort() : callback()));
        return { cancel: () => undefined };
      },
    },
    random: () => 0,
    logger: { log: (level, message) => void logged.push(`${level}: ${message}`) },
    kinds: [KIND],
    isReached: () => isReached,
    onWait: (text) => void waits.push(text),
    signal: stop.signal,
  }).catch((thrown: unknown) => thrown);
  return { failure, pauses, logged, waits, left: left.length };
}

const refused = (status: number, reason: string, retryAfterMs?: number) =>
  new KubeError(`refused: ${reason}`, { status, reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });

describe('the check that the server has the kinds that the controller itself watches', () => {
  it.each([
    ['an internal error', refused(500, 'InternalError')],
    ['a server that is not available', refused(503, 'ServiceUnavailable')],
    ['a timeout of the server', refused(504, 'Timeout')],
    ['too many requests', refused(429, 'TooManyRequests')],
  ])('asks again after %s', async (_what, failure) => {
    const result = await check([failure, failure, RESOURCE]);
    expect(result.failure).toBeUndefined();
    expect(result.pauses).toEqual([250, 500]);
    expect(result.logged).toEqual([
      'warn: the API server refuses to describe its kinds',
      'warn: the API server refuses to describe its kinds',
    ]);
  });

  it('waits for the time that the server names', async () => {
    expect((await check([refused(429, 'TooManyRequests', 7000), RESOURCE])).pauses).toEqual([7000]);
  });

  it('repeats the request when a server that was reached before does not respond', async () => {
    const failure = refused(0, 'Transport');
    const result = await check([...Array.from({ length: 6 }, () => failure), RESOURCE], { isReached: true });
    expect(result).toMatchObject({ failure: undefined, pauses: [250, 500, 1000, 2000, 2500, 2500], logged: [] });
  });

  it('reports what it waits for', async () => {
    const asked = 'the API server has not said whether it has the kind ResourceGraphDefinition of kro.run/v1alpha1';
    const answers = [refused(502, 'BadGateway'), refused(0, 'Transport'), RESOURCE];
    const { waits } = await check(answers, { isReached: true });
    expect(waits).toEqual([asked, `${asked}: it responds with 502`, asked, `${asked}: it does not respond`, asked]);
  });

  it.each([
    ['a server that has never responded', refused(0, 'Transport')],
    ['missing rights', refused(403, 'Forbidden')],
    ['unknown credentials', refused(401, 'Unauthorized')],
    ['an error of the program', new Error('a mistake')],
  ])('fails at once for %s', async (_what, failure) => {
    const result = await check([failure, RESOURCE]);
    expect(result).toMatchObject({ failure, pauses: [], left: 1 });
  });

  it('fails for a kind that the cluster does not have', async () => {
    const { failure } = await check([undefined]);
    expect(failure).toMatchObject({ code: 'controller/missing-crds' });
    expect(String(failure)).toContain('no kind ResourceGraphDefinition of kro.run/v1alpha1');
  });

  it('ends when the controller stops', async () => {
    const failure = refused(500, 'InternalError');
    expect(await check([failure, failure, failure], { stopAfterPauses: 2 })).toMatchObject({
      failure: undefined,
      left: 1,
    });
  });
});
