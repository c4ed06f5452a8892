import { describe, expect, it } from 'vitest';
import { RenewedConnections } from './renewed-connections.ts';

function setup() {
  const log: string[] = [];
  const connections = new RenewedConnections((certificate) => {
    const name = certificate?.cert ?? 'nobody';
    log.push(`open ${name}`);
    if (name === 'bad') return Promise.reject(new Error('no certificate'));
    return Promise.resolve({
      send: () => Promise.reject(new Error('not asked for')),
      close: async () => void log.push(`close ${name}`),
    });
  });
  const connectWith = (...certs: (string | undefined)[]) =>
    Promise.all(certs.map((cert) => connections.with(cert === undefined ? undefined : { cert, key: 'k' })));
  return { connections, log, connectWith };
}

describe('RenewedConnections', () => {
  it.each<[string, (string | undefined)[], string[]]>([
    ['opens once without a certificate', [undefined, undefined], ['open nobody']],
    ['opens once for one certificate', ['a', 'a'], ['open a']],
    ['opens again for another certificate, and lets running requests end', ['a', 'b', 'b'], ['open a', 'open b']],
    [
      'closes the connections of the certificate before the last one',
      ['a', 'b', 'c'],
      ['open a', 'open b', 'open c', 'close a'],
    ],
  ])('%s', async (_title, certs, log) => {
    const { connectWith, log: events } = setup();
    for (const cert of certs) await connectWith(cert, cert);
    expect(events).toEqual(log);
  });

  it('closes all connections that it opened, and opens no more', async () => {
    const { connectWith, connections, log } = setup();
    await expect(connectWith('bad')).rejects.toThrow('no certificate');
    await connectWith('a');
    await connections.close();
    expect(log).toEqual(['open bad', 'open a', 'close a']);
    await expect(connectWith('b')).rejects.toThrow('were closed');
  });
});
