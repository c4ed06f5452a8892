import { describe, expect, test } from 'vitest';
import type { Transport } from '../kube/index.ts';
import { Faults } from './faults.ts';

/** A transport that counts what arrives. */
function counting(): { transport: Transport; arrived: string[] } {
  const arrived: string[] = [];
  const body = async function* () {
    yield new TextEncoder().encode('{}');
  };
  return {
    arrived,
    transport: {
      request: async ({ method, path }) => {
        arrived.push(`${method} ${path}`);
        return { status: 200, headers: {}, body: body() };
      },
      close: async () => {},
    },
  };
}

describe('faults', () => {
  test('an error strikes the matching request once and lets the next one pass', async () => {
    const { transport, arrived } = counting();
    const faults = new Faults();
    faults.add({ method: 'PATCH', path: /configmaps/ }, { kind: 'error', status: 409, reason: 'Conflict' });
    const broken = faults.wrap(transport);
    expect((await broken.request({ method: 'GET', path: '/api/v1/configmaps' })).status).toBe(200);
    expect((await broken.request({ method: 'PATCH', path: '/api/v1/configmaps/a' })).status).toBe(409);
    expect((await broken.request({ method: 'PATCH', path: '/api/v1/configmaps/a' })).status).toBe(200);
    expect(arrived).toEqual(['GET /api/v1/configmaps', 'PATCH /api/v1/configmaps/a']);
    expect(faults.struck).toBe(1);
  });

  test('a disconnect keeps the request from arriving, a lost answer does not', async () => {
    const { transport, arrived } = counting();
    const faults = new Faults();
    faults.add({}, { kind: 'disconnect' });
    faults.add({}, { kind: 'lost-answer' });
    const broken = faults.wrap(transport);
    await expect(broken.request({ method: 'POST', path: '/a' })).rejects.toThrow('connection broke');
    expect(arrived).toEqual([]);
    await expect(broken.request({ method: 'POST', path: '/b' })).rejects.toThrow('before the answer');
    expect(arrived).toEqual(['POST /b']);
  });

  test('a rule that was taken back strikes no more', async () => {
    const { transport } = counting();
    const faults = new Faults();
    const takeBack = faults.add({}, { kind: 'disconnect' }, Number.POSITIVE_INFINITY);
    const broken = faults.wrap(transport);
    await expect(broken.request({ method: 'GET', path: '/' })).rejects.toThrow('connection broke');
    takeBack();
    expect((await broken.request({ method: 'GET', path: '/' })).status).toBe(200);
  });
});
