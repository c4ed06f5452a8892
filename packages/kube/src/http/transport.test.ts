import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ProxyServer, startProxy } from '../../test-support/proxy-server.ts';
import { readLines, readBodyText } from './response-body.ts';
import { KubeClient } from '../client.ts';
import { createTransport } from './transport.ts';
import type { Credentials, KubeConfig, Transport, TransportRequest } from '../kube-api.ts';

let server: Server;
let origin = '';
let handle: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
beforeEach(async () => {
  server = createServer((request, response) => handle(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const config = (credentials: Credentials = {}, path = ''): KubeConfig => ({
  server: origin + path,
  insecureSkipTlsVerify: false,
  credentials,
  namespace: 'default',
  context: 'x',
});

describe('createTransport', () => {
  it('sends path, prefix, headers, token and body, and returns head and body', async () => {
    handle = (request, response) => {
      response.setHeader('x-two', ['a', 'b']);
      response.statusCode = 201;
      void readBodyText(request).then((text) =>
        response.end(
          `${request.method} ${request.url} ${request.headers.authorization} ${String(request.headers['x-own'])} ${text}`,
        ),
      );
    };
    const transport = await createTransport(config({ token: 't' }, '/prefix/'));
    const answer = await transport.request({ method: 'PUT', path: '/a?b=c', headers: { 'x-own': 'o' }, body: 'text' });
    expect([answer.status, answer.headers['x-two']]).toEqual([201, 'a, b']);
    expect(await readBodyText(answer.body)).toBe('PUT /prefix/a?b=c Bearer t o text');
    await transport.close();
  });

  it('impersonates the user that the kubeconfig names, unless the request names another user', async () => {
    const seen: unknown[] = [];
    handle = (request, response) => {
      seen.push(request.headers['impersonate-user']);
      response.end('{}');
    };
    const transport = await createTransport(config({ token: 't', impersonate: { user: 'a' } }));
    for (const headers of [{}, { 'impersonate-user': 'b' }])
      await readBodyText((await transport.request({ method: 'GET', path: '/', headers })).body);
    expect(seen).toEqual(['a', 'b']);
    await transport.close();
  });

  it('reads a rotated token file again when the old token is refused', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'typekro-token-'));
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'old');
    const seen: (string | undefined)[] = [];
    handle = (request, response) => {
      seen.push(request.headers.authorization);
      response.statusCode = request.headers.authorization === 'Bearer new' ? 200 : 401;
      response.end('{}');
    };
    const transport = await createTransport(config({ tokenFile }));
    await readBodyText((await transport.request({ method: 'GET', path: '/' })).body);
    await writeFile(tokenFile, 'new');
    expect((await transport.request({ method: 'GET', path: '/' })).status).toBe(200);
    expect(seen).toEqual(['Bearer old', 'Bearer old', 'Bearer old', 'Bearer new']);
    await transport.close();
    await rm(folder, { recursive: true });
  });

  describe('with a plugin', () => {
    let folder = '';
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'typekro-plugin-'));
    });

    /** A plugin that counts its runs and then runs the script. */
    const plugin = (script: string): Credentials => {
      const count = `const { appendFileSync, statSync, existsSync } = require('fs'); const file = ${JSON.stringify(join(folder, 'runs'))};
        appendFileSync(file, 'x'); const runs = statSync(file).size;
        const say = (status) => console.log(JSON.stringify({ kind: 'ExecCredential', status }));`;
      const apiVersion = 'client.authentication.k8s.io/v1';
      const args = ['-e', count + script];
      return { exec: { apiVersion, command: process.execPath, args, env: {}, provideClusterInfo: false } };
    };
    const runs = async () => (await readFile(join(folder, 'runs'), 'utf8')).length;

    it('runs a credential plugin once for all requests whose token was refused at the same time', async () => {
      handle = (request, response) => {
        response.statusCode = request.headers.authorization === 'Bearer t1' ? 401 : 200;
        response.end('{}');
      };
      const transport = await createTransport(config(plugin('say({ token: "t" + runs });')));
      const sendRequest = async () => (await transport.request({ method: 'GET', path: '/' })).status;
      expect(await Promise.all([sendRequest(), sendRequest(), sendRequest(), sendRequest()])).toEqual([
        200, 200, 200, 200,
      ]);
      expect(await runs()).toBe(2);
      await transport.close();
    });

    it('refuses a request when the plugin fails, and runs the plugin again for the next request', async () => {
      handle = (_request, response) => response.end('{}');
      const client = new KubeClient({
        config: config(plugin('if (runs === 1) process.exit(1); say({ token: "t" });')),
        retries: 0,
      });
      await expect(client.raw({ path: '/' })).rejects.toMatchObject({ status: 0 });
      expect((await client.raw({ path: '/' })).text).toBe('{}');
      await client.close();
    });

    it('stops waiting for the plugin when the caller aborts', async () => {
      const transport = await createTransport(config(plugin('setTimeout(() => {}, 500);')));
      const giveUp = new AbortController();
      const aborted = transport.request({ method: 'GET', path: '/', signal: giveUp.signal });
      giveUp.abort();
      await expect(aborted).rejects.toMatchObject({ reason: 'Aborted' });
      await transport.close();
    });
  });

  it('uses a connection for many requests', async () => {
    let connections = 0;
    server.on('connection', () => (connections += 1));
    handle = (_request, response) => response.end('{}');
    const transport = await createTransport(config());
    for (let count = 0; count < 20; count += 1) {
      await readBodyText((await transport.request({ method: 'GET', path: '/' })).body);
    }
    // There may be two connections, because a request may start before the socket of the previous request is free.
    expect(connections).toBeLessThanOrEqual(2);
    await transport.close();
  });

  it('yields the lines of a stream as they arrive, and ends when the signal aborts', async () => {
    let close: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => (close = resolve));
    handle = (_request, response) => {
      response.write('{"a":1}\n{"b"');
      setImmediate(() => response.write(':2}\n'));
      response.on('close', close);
    };
    const transport = await createTransport(config());
    const controller = new AbortController();
    const answer = await transport.request({ method: 'GET', path: '/x?watch=true', signal: controller.signal });
    const lines: string[] = [];
    await expect(
      (async () => {
        for await (const arrived of readLines(answer.body)) {
          lines.push(...arrived);
          if (lines.length === 2) controller.abort();
        }
      })(),
    ).rejects.toThrow(/abort/i);
    expect(lines).toEqual(['{"a":1}', '{"b":2}']);
    await closed;
    await transport.close();
  });
});

describe('KubeClient over sockets', () => {
  it('reports that a server cannot be reached', async () => {
    server.close();
    const client = new KubeClient({ config: { ...config(), server: 'http://127.0.0.1:1' }, retries: 0 });
    await expect(client.raw({ path: '/version' })).rejects.toMatchObject({ code: 'kube/transport', status: 0 });
    await client.close();
  });

  it('runs a failing credential plugin only once for a request', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'typekro-plugin-'));
    const runs = join(folder, 'runs');
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-e', `fs.appendFileSync(${JSON.stringify(runs)}, 'x'); process.exit(1)`],
      env: {},
      provideClusterInfo: false,
    };
    const client = new KubeClient({ config: config({ exec }) });
    await expect(client.raw({ path: '/version' })).rejects.toThrow('credential plugin');
    expect(await readFile(runs, 'utf8')).toBe('x');
    await client.close();
    await rm(folder, { recursive: true });
  });

  it('reports the install hint of a failed credential plugin, and runs the plugin again for the next request', async () => {
    handle = (request, response) => response.end(request.headers.authorization);
    const folder = await mkdtemp(join(tmpdir(), 'typekro-plugin-'));
    const file = join(folder, 'credential');
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-p', `fs.readFileSync(${JSON.stringify(file)}, 'utf8')`],
      env: {},
      installHint: 'log in first',
      provideClusterInfo: false,
    };
    const client = new KubeClient({ config: config({ exec }), retries: 0 });
    await expect(client.raw({ path: '/version' })).rejects.toMatchObject({
      message: expect.stringContaining('credential plugin') as string,
      remedy: 'log in first',
    });
    await writeFile(file, JSON.stringify({ kind: 'ExecCredential', status: { token: 'fresh' } }));
    expect((await client.raw({ path: '/version' })).text).toBe('Bearer fresh');
    await client.close();
    await rm(folder, { recursive: true });
  });
});

describe('a proxy', () => {
  let proxy: ProxyServer;
  beforeEach(async () => {
    proxy = await startProxy();
  });
  afterEach(() => proxy.close());
  const through = (credentials = '', given: Partial<KubeConfig> = {}): Promise<Transport> =>
    createTransport({ ...config(), proxyUrl: `http://${credentials}${proxy.host}`, ...given });
  const textOf = async (transport: Transport, request: Partial<TransportRequest> = {}): Promise<string> =>
    readBodyText((await transport.request({ method: 'GET', path: '/', ...request })).body);

  it('is asked once for requests one after the other', async () => {
    handle = (request, response) =>
      void readBodyText(request).then((text) => response.end(`${request.url} ${text.length}`));
    const transport = await through('us%er:p%40ss@');
    expect(await textOf(transport, { path: '/a', method: 'PUT', body: 'x'.repeat(300_000) })).toBe('/a 300000');
    const mayBeSent: boolean[] = [];
    expect(await textOf(transport, { path: '/b', mayBeSent: () => mayBeSent.push(true) > 0 })).toBe('/b 0');
    expect(mayBeSent).toEqual([true]);
    expect(proxy.asked).toEqual([`${new URL(origin).host} Basic ${Buffer.from('us%er:p@ss').toString('base64')}`]);
    await transport.close();
  });

  it('is asked before the condition of the first request is checked', async () => {
    const transport = await through();
    await expect(textOf(transport, { mayBeSent: () => false })).rejects.toThrow('aborted');
    await transport.close();
  });

  it.each<[string, (client: Duplex) => void, RegExp]>([
    [
      'refuses',
      (client) => client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'),
      /it responds with 407 Proxy/,
    ],
    ['closes the connection', (client) => client.destroy(), /socket hang up/],
  ])('that %s is named with a remedy', async (_title, refuse, words) => {
    proxy.accept = (_asking, client) => refuse(client);
    const transport = await through();
    const failed = await textOf(transport).catch((thrown: unknown) => thrown);
    expect(failed).toMatchObject({ code: 'kube/proxy', remedy: expect.stringContaining('NO_PROXY') as string });
    expect(String(failed)).toMatch(words);
    expect(String(failed)).toContain(`the proxy ${proxy.host}`);
    await transport.close();
  });

  it('of another protocol is refused at once', async () => {
    await expect(through('', { proxyUrl: 'socks5://127.0.0.1:1' })).rejects.toThrow('"socks5" is not supported');
  });

  it('that does not respond does not keep an aborted request', async () => {
    const aborted = new AbortController();
    proxy.accept = () => aborted.abort();
    const transport = await through();
    await expect(textOf(transport, { signal: aborted.signal })).rejects.toThrow('aborted');
    await transport.close();
  });
});
