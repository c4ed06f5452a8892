import { describe, expect, it } from 'vitest';
import { RenewedConnections } from './renewed-connections.ts';

/** Makes the first `failures` attempts to connect with the identity `bad` fail. */
function setup(failures = 1) {
  let left = failures;
  const log: string[] = [];
  const connections = new RenewedConnections(({ certificate, authority }) => {
    const name = `${certificate?.cert ?? 'none'}${authority === undefined ? '' : ` by ${authority}`}`;
    log.push(`open ${name}`);
    if (name === 'bad' && left-- > 0) throw new Error('no certificate');
    return {
      send: () => Promise.reject(new Error('not asked for')),
      close: async () => void log.push(`close ${name}`),
    };
  });
  /** Connects with identities like `cert` and `cert/authority`. */
  const connectWith = (...identities: (string | undefined)[]) =>
    Promise.all(
      identities.map((identity) => {
        const [cert, authority] = identity?.split('/') ?? [];
        return connections.with({ certificate: cert === undefined ? undefined : { cert, key: 'k' }, authority });
      }),
    );
  return { connections, log, connectWith };
}

describe('RenewedConnections', () => {
  it.each<[string, (string | undefined)[], string[]]>([
    ['opens once without a certificate', [undefined, undefined], ['open none']],
    ['opens once for one certificate', ['a', 'a'], ['open a']],
    ['opens again for another certificate, and lets running requests end', ['a', 'b', 'b'], ['open a', 'open b']],
    ['opens again for another authority', ['a/1', 'a/2', 'a/2'], ['open a by 1', 'open a by 2']],
    [
      'closes the connections of all certificates but the last two',
      ['a', 'b', 'c'],
      ['open a', 'open b', 'open c', 'close a'],
    ],
  ])('%s', async (_title, certs, log) => {
    const { connectWith, log: events } = setup();
    for (const cert of certs) await connectWith(cert, cert);
    expect(events).toEqual(log);
  });

  it('opens again after a failure, and keeps the previous connections meanwhile', async () => {
    const { connectWith, log } = setup(2);
    await connectWith('a');
    for (let attempt = 0; attempt < 2; attempt += 1) await expect(connectWith('bad')).rejects.toThrow('no certificate');
    await connectWith('a');
    expect(log).toEqual(['open a', 'open bad', 'open bad']);
    await connectWith('bad', 'bad');
    await connectWith('c');
    expect(log.slice(3)).toEqual(['open bad', 'open c', 'close a']);
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
