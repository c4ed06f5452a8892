import { describe, afterEach, expect, test, vi } from 'vitest';
import { packageFolder } from '@typekro/kit/core';
import { createEmbeddedCluster } from '../cluster.ts';
import { impersonation } from '../lazy-modules.ts';
import { formatValue } from './field-problems.ts';
import { NO_DESCRIPTORS, PROGRAM_GONE, missesProgram } from './missing-program.ts';

test.each([
  [9_007_199_254_740_993n, '9007199254740993'],
  [{ revision: 9_007_199_254_740_993n, name: 'a' }, '{"revision":9007199254740993,"name":"a"}'],
])('the error for a field contains all digits of %s', (value, text) => {
  expect(formatValue(value)).toBe(text);
});

describe('missing program', () => {
  afterEach(() => void vi.restoreAllMocks());
  const error = (code: string, path?: string) => Object.assign(new Error('gone'), { code, ...(path && { path }) });

  test.each([
    [error('ERR_MODULE_NOT_FOUND'), true],
    [error('MODULE_NOT_FOUND'), true],
    [error('ENOENT', new URL('data/kubernetes-1.36/types.json', packageFolder()).pathname), true],
    [error('ENOENT', '/elsewhere/file'), false],
    [error('EIO'), false],
    [undefined, false],
  ])('the error %o means that a file of the program is missing: %s', (thrown, expected) => {
    expect(missesProgram(thrown)).toBe(expected);
  });

  test('the error of a request that needs a missing program file names the cause and the remedy', async () => {
    vi.spyOn(console, 'error').mockReturnValue(undefined);
    vi.spyOn(impersonation, 'load').mockRejectedValue(error('ERR_MODULE_NOT_FOUND'));
    await using cluster = await createEmbeddedCluster({ controllers: false });
    expect(cluster.programProblem).toBeUndefined();
    const headers = { 'impersonate-user': 'x' };
    const reply = await cluster.transport().request({ method: 'GET', path: '/api/v1/pods', headers });
    let text = '';
    for await (const chunk of reply.body) text += Buffer.from(chunk).toString();
    expect(JSON.parse(text)).toMatchObject({ code: 500, message: `Internal error occurred: ${PROGRAM_GONE}` });
    expect(cluster.programProblem).toBe(PROGRAM_GONE);
  });

  test.each(['EMFILE', 'ENFILE'])('a request that fails with %s gets the status 503 with a remedy', async (code) => {
    vi.spyOn(console, 'error').mockReturnValue(undefined);
    const load = vi.spyOn(impersonation, 'load').mockRejectedValue(error(code));
    await using cluster = await createEmbeddedCluster({ controllers: false });
    const request = { method: 'GET', path: '/api/v1/pods', headers: { 'impersonate-user': 'x' } };
    const reply = await cluster.transport().request(request);
    let text = '';
    for await (const chunk of reply.body) text += Buffer.from(chunk).toString();
    expect(JSON.parse(text)).toMatchObject({ code: 503, reason: 'ServiceUnavailable', message: NO_DESCRIPTORS });
    load.mockRestore();
    expect((await cluster.transport().request(request)).status).toBe(403);
  });
});
