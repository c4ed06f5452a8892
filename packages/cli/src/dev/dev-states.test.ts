import { existsSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { definition, DevHarness, instance, second } from '../../test-support/dev-harness.ts';
import { whenAborted } from '@typekro/kit/core';
import { type DevState, nextSteps } from './dev-loop.ts';

let loop: DevHarness;
beforeEach(() => {
  loop = new DevHarness();
  loop.write('pots.yaml', definition());
  loop.write('shop.yaml', instance('shop'));
});
afterEach(() => loop.end());

const KEYS = nextSteps('running', true);
const SERVING = /serving revision \d of pots, applied in [\d.]+ s\n/;
const BROKEN = definition('', '${schema.spec.txt}');
/** A definition whose instances are never ACTIVE. */
const WAITING = definition().replace('    - id: map', '    - id: map\n      readyWhen: ["${map.data.text == \'y\'}"]');
/** Matches the given line and the line with the next steps that follows it. */
const withNext = (line: string): RegExp => new RegExp(`${line}.*\\n(?:\\n.*ACTIVE[^]*?\\n)?.*\\n`);

/** Opens a port of this machine, so that no cluster can have it. */
async function takePort(port = 0): Promise<{ readonly port: number; free(): Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    free: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

test.each<DevState>(['starting', 'running', 'down', 'lost'])(
  'the next steps of the state %s name the key q, or Ctrl-C',
  (state) => {
    expect(nextSteps(state, true)).toContain('[q]uit');
    expect(nextSteps(state, false)).toContain('Ctrl-C');
  },
);

describe('the keys are shown', () => {
  test('when the cluster has started, before the files are read', async () => {
    loop.onRead = (_paths, signal) => whenAborted(signal);
    loop.start();
    expect(await loop.until(/started\n.*\n/)).toContain(KEYS);
    loop.press('q');
    expect(await loop.code).toBe(0);
  });

  test('after a good save, and after a save with errors, at the start and later', async () => {
    loop.write('pots.yaml', BROKEN);
    loop.start();
    expect(await loop.until(withNext('nothing is served yet'))).toContain(
      `nothing is served yet; the files are read again when they change\n${KEYS}\n`,
    );
    loop.save('pots.yaml', definition());
    expect(await loop.until(withNext('serving revision 1'))).toContain(KEYS);
    loop.save('pots.yaml', BROKEN);
    expect(await loop.until(withNext('still serving revision 1 of pots'))).toContain(`change\n${KEYS}\n`);
    rmSync(join(loop.cwd, 'pots.yaml'));
    loop.event();
    expect(await loop.until(withNext('still serving revision 1 of pots'))).toContain(`change\n${KEYS}\n`);
  });

  test('when an instance is not ACTIVE in time', async () => {
    loop.timeoutMs = 1500;
    loop.write('pots.yaml', WAITING);
    loop.start();
    expect(await loop.until(withNext('still serving revision 1 of pots'))).toMatch(
      /not everything is ACTIVE after 1\.5 s:[^]*still serving .*\n\[w\]hy/,
    );
    loop.press('w');
    expect(await loop.until(/readyWhen/)).toContain('Pot default/shop');
    loop.save('pots.yaml', definition());
    await loop.until(SERVING);
  });

  test('when the server refuses an object of the files', async () => {
    loop.write('shop.yaml', instance('shop').replace('name: shop', 'name: shop, namespace: nowhere'));
    loop.start();
    expect(await loop.until(withNext('still serving'))).toMatch(
      /error: shop\.yaml:3:\d+: .*nowhere[^]*hint: put the Namespace "nowhere" into the files[^]*\[w\]hy/,
    );
  });

  test('for a key without a meaning', async () => {
    loop.start();
    await loop.until(withNext('serving'));
    loop.press('x');
    expect(await loop.until(/\n/)).toBe(`${KEYS}\n`);
  });

  test('without a terminal, as a sentence', async () => {
    loop.start(undefined, false);
    expect(await loop.until(withNext('serving revision 1'))).toContain(nextSteps('running', false));
    loop.save('pots.yaml', BROKEN);
    expect(await loop.until(withNext('still serving revision 1'))).toContain(nextSteps('running', false));
  });
});

test('an object is not created again when the file gains or loses its metadata.namespace', async () => {
  const map = (namespace: string) => `{apiVersion: v1, kind: ConfigMap, metadata: {name: kept${namespace}}}\n`;
  const uid = async () => {
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'kept', namespace: 'default' };
    return (await loop.sessions.at(-1)!.api.find(ref))?.metadata.uid;
  };
  loop.write('map.yaml', map(''));
  loop.start(['map.yaml']);
  await loop.until(withNext('serving the objects'));
  const before = await uid();
  expect(before).toBeDefined();
  for (const namespace of [', namespace: default', '']) {
    loop.save('map.yaml', map(namespace));
    expect(await loop.until(withNext('serving the objects'))).not.toContain('deleted');
    expect(await uid()).toBe(before);
  }
});

describe('a port that another program uses', () => {
  test('ends the command at the first start', async () => {
    const taken = await takePort();
    loop.port = taken.port;
    loop.start();
    await expect(loop.code).rejects.toMatchObject({
      code: 'up/port-in-use',
      remedy: 'name another port, or leave --port out to get a free one',
    });
    loop.code = Promise.resolve(1);
    await taken.free();
  });

  test('makes a restart fail, and a key or a save retries the restart', async () => {
    const free = await takePort();
    loop.port = free.port;
    await free.free();
    loop.start();
    await loop.until(SERVING);
    let taken: Awaited<ReturnType<typeof takePort>> | undefined;
    loop.onStart = async () => void (taken ??= await takePort(loop.port));
    loop.press('r');
    const out = await loop.until(/try again.*\n/);
    expect(out).toContain(`error: port ${loop.port} is in use [up/port-in-use]\n  hint: name another port`);
    expect(out).toContain(nextSteps('down', true));
    for (const key of ['w', 'p', 'f', '?']) {
      loop.press(key);
      expect(await loop.until(/\n/)).toBe(`${nextSteps('down', true)}\n`);
    }
    loop.press('r');
    expect(await loop.until(/try again.*\n/)).toContain('is in use');
    await taken?.free();
    loop.save('pots.yaml', definition(second));
    expect(await loop.until(SERVING)).toMatch(/^changed: pots\.yaml\n[^]*started\n/);
    expect(await loop.names()).toEqual(['shop', 'shop-second']);
  });
});

describe('a cluster that stops responding', () => {
  const vanish = () => loop.sessions.at(-1)!.close();

  test('is reported at the next save, and the save after it starts another cluster', async () => {
    loop.start();
    await loop.until(SERVING);
    await vanish();
    loop.save('pots.yaml', definition(second));
    const out = await loop.until(/save does.*\n/);
    expect(out).toContain('the cluster no longer responds, and nothing is served\n');
    expect(out).toContain(nextSteps('lost', true));
    loop.save('pots.yaml', definition());
    expect(await loop.until(SERVING)).toMatch(/^changed: pots\.yaml\n[^]*started\n[^]*serving revision 1 of pots/);
    expect(await loop.names()).toEqual(['shop']);
  });

  test.each(['d', 'k'])(
    'is reported after a key, and q ends the command, even after the keys f and %s for a fault',
    async (fault) => {
      loop.write('pots.yaml', WAITING);
      loop.timeoutMs = 1500;
      loop.start();
      await loop.until(withNext('still serving'));
      await vanish();
      loop.press('w');
      expect(await loop.until(/save does.*\n/)).toContain('the cluster no longer responds');
      loop.press('f');
      expect(await loop.until(/\n/)).toBe(`${nextSteps('lost', true)}\n`);
      loop.press('r');
      await loop.until(withNext('still serving'));
      await vanish();
      loop.press('f');
      loop.press(fault);
      loop.press('q');
      expect(await loop.code).toBe(0);
    },
  );

  test('is not reported when only the folder of the cluster was removed: the kubeconfig file is written again', async () => {
    loop.start();
    await loop.until(SERVING);
    const { kubeconfig } = loop;
    rmSync(dirname(dirname(kubeconfig)), { recursive: true });
    loop.save('pots.yaml', definition(second));
    await loop.until(SERVING);
    expect(existsSync(kubeconfig)).toBe(true);
    expect(await loop.names()).toEqual(['shop', 'shop-second']);
  });
});

describe('Ctrl-C and q end the command', () => {
  /** The steps that lead to each state. */
  const STATES: Record<string, () => Promise<unknown>> = {
    'during the start': () => {
      const starting = new Promise<void>((resolve) => {
        loop.onStart = resolve;
      });
      loop.start();
      return starting;
    },
    'while the files are read': () => {
      const reading = new Promise<void>((resolve) => {
        loop.onRead = (_paths, signal) => {
          resolve();
          return whenAborted(signal);
        };
      });
      loop.start();
      return reading;
    },
    'while instances are not ACTIVE': () => {
      loop.write('pots.yaml', WAITING);
      loop.start();
      return loop.until(/Pot default\/shop +IN_PROGRESS/);
    },
    'when all is served': () => {
      loop.start();
      return loop.until(SERVING);
    },
    'while the files have errors': () => {
      loop.write('pots.yaml', BROKEN);
      loop.start();
      return loop.until(/nothing is served yet/);
    },
    'during a restart': async () => {
      loop.start();
      await loop.until(SERVING);
      const starting = new Promise<void>((resolve) => {
        loop.onStart = resolve;
      });
      loop.press('r');
      await starting;
    },
    'after a restart that failed': async () => {
      loop.start();
      await loop.until(SERVING);
      loop.onStart = () => {
        throw new Error('no cluster');
      };
      loop.press('r');
      await loop.until(/try again/);
    },
    'during a fault': async () => {
      loop.start();
      await loop.until(SERVING);
      loop.press('f');
      loop.press('b');
    },
    'when the cluster does not respond': async () => {
      loop.start();
      await loop.until(SERVING);
      await loop.sessions.at(-1)!.close();
      loop.save('pots.yaml', definition(second));
      await loop.until(/save does/);
    },
  };

  test.each(Object.keys(STATES))('%s', async (name) => {
    for (const end of ['Ctrl-C', 'q']) {
      await STATES[name]!();
      if (end === 'q') loop.press('q');
      else loop.stop.abort();
      expect(await loop.code).toBe(end === 'q' ? 0 : 130);
      expect(loop.isListening).toBe(false);
      expect(loop.watched.size).toBe(0);
      await loop.end();
      loop = new DevHarness();
      loop.write('pots.yaml', definition());
      loop.write('shop.yaml', instance('shop'));
    }
  });

  test('a key during the start prints the state', async () => {
    loop.onStart = () => loop.press('w');
    loop.start();
    expect(await loop.until(/started/)).toContain(`the cluster is starting\n${nextSteps('starting', true)}\n`);
  });
});
