import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { serveUpgradesLate } from './late-upgrades.ts';
import { serveUpgrades } from './serve-upgrades.ts';

const REQUEST = ['GET /api/v1/pods?watch=1 HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket', '', ''];

interface UpgradeCode {
  readonly serveUpgrades: typeof serveUpgrades;
}

/** A server whose upgrade code `load` provides, and a client that has sent an upgrade request. */
async function served(load: () => Promise<UpgradeCode>) {
  const server: Server = createServer();
  const reported: unknown[] = [];
  let answers = 0;
  const answer = () => {
    answers += 1;
    return Promise.resolve({ status: 200, headers: {}, fate: 'break' as const });
  };
  const send = (_reply: unknown, _request: unknown, response: { destroy(): unknown }) => void response.destroy();
  serveUpgradesLate(server, false, { answer, send, report: (thrown) => reported.push(thrown) }, load);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const upgraded = once(server, 'upgrade');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => client.destroy());
  client.write(REQUEST.join('\r\n'));
  const [socket] = await accepted;
  await upgraded;
  const close = async () => {
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { client, socket, reported, close, answers: () => answers };
}

test('a client that breaks its connection while the upgrade code is loaded ends only this connection', async () => {
  let resolve = (_code: UpgradeCode): void => undefined;
  const loaded = new Promise<UpgradeCode>((done) => (resolve = done));
  const { client, socket, answers, close } = await served(() => loaded);
  const closed = new Promise((done) => socket.once('close', done));
  client.resetAndDestroy();
  await closed;
  resolve({ serveUpgrades });
  await loaded;
  expect(answers()).toBe(0);
  await close();
});

test('a request that has waited for the upgrade code gets its response, and its socket has a single error listener', async () => {
  const { client, socket, answers, close } = await served(() => Promise.resolve({ serveUpgrades }));
  await once(client, 'close');
  expect([answers(), socket.listenerCount('error')]).toEqual([1, 1]);
  await close();
});

test('an error while the upgrade code is loaded is reported, and ends the connection', async () => {
  const error = new Error('no code');
  const { client, reported, close } = await served(() => Promise.reject(error));
  await once(client, 'close');
  expect(reported).toEqual([error]);
  await close();
});
