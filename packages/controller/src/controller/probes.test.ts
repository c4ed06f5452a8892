import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { parseListenAddress, serveProbes } from './probes.ts';

describe('serveProbes', () => {
  it('serves metrics and probes, and is ready only when the controller is ready', async () => {
    const source = { ready: false, metricsText: () => 'a 1\n' };
    const server = await serveProbes('127.0.0.1:0', source);
    const get = async (path: string) => {
      const response = await fetch(server.url + path);
      return `${response.status} ${await response.text()}`;
    };
    expect(await get('/metrics')).toBe('200 a 1\n');
    expect(await get('/healthz')).toBe('200 ok');
    expect(await get('/readyz')).toBe('503 not ready: the watched kinds are being read');
    source.ready = true;
    expect(await get('/readyz')).toBe('200 ok');
    expect(await get('/other')).toContain('404');
    await server.close();
  });

  it.each(['//', 'http://[/', '/../..', '/readyz?verbose=%', '*'])(
    'responds to a request for the target %s',
    async (target) => {
      const server = await serveProbes('127.0.0.1:0', { ready: true, metricsText: () => '' });
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connect(Number(server.url.split(':').at(-1)), '127.0.0.1');
        socket.once('error', reject).once('data', (data) => resolve(data.toString()));
        socket.write(`GET ${target} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n`);
      });
      expect(answer).toMatch(/^HTTP\/1\.1 (200|404) /);
      await server.close();
    },
  );
});

describe('parseListenAddress', () => {
  it.each([
    [':8078', undefined, 8078],
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['[::1]:99', '::1', 99],
  ])('reads %s', (address, host, port) => {
    expect(parseListenAddress(address)).toEqual({ host, port });
  });
  it.each(['8078', 'a:b', ':99999', ''])('%j is not an address', (address) => {
    expect(() => parseListenAddress(address)).toThrow(/not an address/);
  });
});
