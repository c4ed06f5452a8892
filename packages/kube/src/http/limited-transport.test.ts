import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { KubeClient } from '../client.ts';
import { systemClock } from '../clock.ts';
import { limitedTransport } from './limited-transport.ts';
import { createTransport } from './transport.ts';

test('a request without a response is sent only once, and its error names the server', async () => {
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    if (request.url === '/version') response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = { server: url, context: 'c', namespace: 'default', credentials: {}, insecureSkipTlsVerify: false };
  const transport = limitedTransport(await createTransport(config), url, 300, systemClock);
  const client = new KubeClient({ transport });
  try {
    await expect(client.raw({ path: '/version' })).resolves.toMatchObject({ text: '{}' });
    await expect(client.raw({ path: '/api' })).rejects.toMatchObject({
      code: 'kube/no-answer',
      message: `the API server at ${url} did not respond to GET /api within 0.3 s`,
    });
    expect(requests).toBe(2);
  } finally {
    await client.close();
    server.closeAllConnections();
    server.close();
  }
});
