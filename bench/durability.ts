/**
 * Kills a cluster with `kill -9` at random moments while clients write, and starts the cluster again from its
 * `stateDirectory`. Then every acknowledged write must exist, and no deleted object may exist. Then measures the start
 * with 10,000 objects. Run: `npm run bench -- durability [--times N] [--seed N]`; 20 kills by default.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { median } from './support/median.ts';
import { readOptions } from './support/options.ts';
import { startServer } from './support/server-process.ts';
import { Connection, type Endpoint, requestBytes } from './support/wire.ts';

const { times, seed } = readOptions({ times: 20, seed: Math.floor(Math.random() * 2 ** 32) });

const MAPS = '/api/v1/namespaces/default/configmaps';
const WRITERS = 8;
/** The number of objects that each writer creates, changes and deletes. */
const NAMES = 40;
const MAX_LIFE_MS = 400;
const OBJECTS = 10_000;
const STARTS = 5;

/**
 * Returns a generator of numbers from 0 (inclusive) to 1 (exclusive). The same seed always yields the same numbers
 * (mulberry32).
 */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomOf(seed);

/** The values that an object may have, as far as the client knows. `undefined` is the value of an absent object. */
type Possible = readonly (number | undefined)[];

const configMap = (name: string, value: number, size = 200) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: { value: String(value), text: 'x'.repeat(size) },
  });

/** The values of the stored objects, by name. */
async function stored(server: Endpoint): Promise<Map<string, number>> {
  const agent = new Agent({ ca: server.ca, servername: 'localhost' });
  const answer = await new Promise<unknown>((resolve, reject) => {
    const headers = { authorization: 'Bearer bench', accept: 'application/json' };
    get(`${server.url}${MAPS}`, { agent, headers }, (response) => resolve(json(response))).once('error', reject);
  });
  agent.destroy();
  const { items } = answer as { items: { metadata: { name: string }; data?: { value?: string } }[] };
  return new Map(
    items.flatMap(({ metadata, data }) => (data?.value === undefined ? [] : [[metadata.name, Number(data.value)]])),
  );
}

/** Writes until the connection breaks. Counts the acknowledged writes. */
async function write(
  connection: Connection,
  writer: number,
  known: Map<string, Possible>,
  count: { value: number },
): Promise<void> {
  for (let turn = 0; ; turn++) {
    const name = `w${writer}-${Math.floor(random() * NAMES)}`;
    const [before] = known.get(name) ?? [undefined];
    const after = before !== undefined && random() < 0.2 ? undefined : ++lastValue;
    const request =
      after === undefined
        ? requestBytes('DELETE', `${MAPS}/${name}`)
        : before === undefined
          ? requestBytes('POST', MAPS, configMap(name, after))
          : requestBytes('PUT', `${MAPS}/${name}`, configMap(name, after));
    known.set(name, [before, after]);
    let status: number;
    try {
      status = await connection.send(request);
    } catch {
      // The server was killed, possibly after it had stored the write.
      return;
    }
    if (status >= 400) throw new Error(`${request.slice(0, 60)}: ${status}`);
    known.set(name, [after]);
    count.value++;
  }
}

let lastValue = 0;

async function kills(directory: string): Promise<void> {
  const known = new Map<string, Possible>();
  const answered = { value: 0 };
  let lost = 0;
  for (let round = 0; round <= times; round++) {
    const server = await startServer(['--data', directory]);
    const found = await stored(server);
    for (const [name, possible] of known) {
      const value = found.get(name);
      if (!possible.includes(value)) {
        lost++;
        console.error(`round ${round}: ${name} is ${value}, and must be ${possible.join(' or ')}`);
      }
      known.set(name, [value]);
    }
    for (const name of found.keys()) if (!known.has(name)) throw new Error(`${name} was never written`);
    if (round === times) {
      await server.stop();
      break;
    }
    const connections = await Promise.all(Array.from({ length: WRITERS }, () => Connection.to(server)));
    const written = Promise.all(connections.map((connection, writer) => write(connection, writer, known, answered)));
    await Promise.race([written, new Promise((resolve) => setTimeout(resolve, random() * MAX_LIFE_MS))]);
    await server.kill();
    await written;
  }
  print(
    `kill -9 at ${times} random moments`,
    'nothing acknowledged is lost',
    `${lost} of ${answered.value} acknowledged writes lost, seed ${seed}`,
  );
  if (lost > 0) process.exitCode = 1;
}

async function startWithObjects(directory: string): Promise<void> {
  const flags = ['--data', directory];
  const filled = await startServer(flags);
  const connections = await Promise.all(Array.from({ length: WRITERS }, () => Connection.to(filled)));
  let index = 0;
  const fill = async (connection: Connection) => {
    while (index < OBJECTS) {
      const status = await connection.send(requestBytes('POST', MAPS, configMap(`m${index++}`, 0, 1000)));
      if (status !== 201) throw new Error(`create: ${status}`);
    }
  };
  await Promise.all(connections.map(fill));
  await filled.kill();
  const took: number[] = [];
  for (let run = 0; run < STARTS; run++) {
    const server = await startServer(flags);
    const count = (await stored(server)).size;
    if (count !== OBJECTS) throw new Error(`${count} of ${OBJECTS} objects are there`);
    took.push(server.ready);
    await server.kill();
  }
  print(`process start to ready with ${OBJECTS} objects of 1 KB`, '≤ 300 ms', `${median(took).toFixed(0)} ms`);
}

function print(name: string, goal: string, value: string) {
  console.log(`| ${name} | ${goal} | ${value} |`);
}

const parent = mkdtempSync(join(tmpdir(), 'typekro-durability-'));
try {
  console.log('| what | to reach | measured |\n|---|---|---|');
  await kills(join(parent, 'killed'));
  await startWithObjects(join(parent, 'filled'));
} finally {
  rmSync(parent, { recursive: true, force: true });
}
