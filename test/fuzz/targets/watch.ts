import { readLines, WholeBody } from '../../../packages/kube/src/http/response-body.ts';
import { type WatchState, initialWatchState, watchStep } from '../../../packages/kube/src/watch-step.ts';
import { type FuzzTarget, FuzzFinding } from '../fuzz-target.ts';

const event = (type: string, metadata: object, rest: object = {}) =>
  JSON.stringify({ type, object: { kind: 'ConfigMap', apiVersion: 'v1', metadata, ...rest } });

const END_OF_LIST = { resourceVersion: '12', annotations: { 'k8s.io/initial-events-end': 'true' } };

const STREAMS = [
  [
    event('ADDED', { name: 'a', resourceVersion: '11' }),
    event('BOOKMARK', END_OF_LIST),
    event('DELETED', { name: 'a' }),
  ],
  [event('MODIFIED', { name: 'é', resourceVersion: '13' }), event('BOOKMARK', { resourceVersion: '3' })],
  [JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } })],
  [JSON.stringify({ type: 'ERROR', object: { code: 429, details: { retryAfterSeconds: 1 } } }), '{"type":"ADDED"', ''],
].map((lines) => Buffer.from(lines.join('\n')));

async function linesOf(pieces: readonly Buffer[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of readLines(new WholeBody(pieces))) lines.push(...batch);
  return lines;
}

/** The actions of a watch for these lines. If `isListing` is true, the stream begins with a list. */
function follow(lines: readonly string[], isListing: boolean): string {
  const start: WatchState = isListing
    ? initialWatchState({ streamsLists: true })
    : initialWatchState({ resourceVersion: '10', streamsLists: true });
  let [, state] = watchStep(start, { type: 'begin' });
  const taken: string[] = [];
  for (const text of lines) {
    const [actions, next] = watchStep(state, { type: 'line', text });
    for (const action of actions) {
      if (action.type === 'wait' && !(action.milliseconds >= 0 && action.milliseconds < 2 ** 31)) {
        throw new FuzzFinding(`a pause of ${action.milliseconds} ms`);
      }
      taken.push(action.type === 'emit' ? action.event.type : action.type);
    }
    if (!Number.isSafeInteger(next.failures) || !Number.isSafeInteger(next.expired)) {
      throw new FuzzFinding(`the state ${JSON.stringify(next)}`);
    }
    state = next;
  }
  return `${taken.join(' ')} → ${JSON.stringify(state)}`;
}

/** Reads the stream of a watch: splits it into lines, parses the events, and decides the actions. */
export const target: FuzzTarget = {
  name: 'watch',
  dictionary: [
    '{"type":"ADDED","object":',
    '"BOOKMARK"',
    '"ERROR"',
    '"DELETED"',
    '"metadata":{',
    '"resourceVersion":"',
    '"code":410',
    '\n',
    '"details":{"retryAfterSeconds":',
    '"k8s.io/initial-events-end":"true"',
    '"reason":"Expired"',
    'null',
    '[]',
    '{}',
    '"__proto__":',
    'Too large resource version',
    'storage is (re)initializing',
    '\\u0000',
    '\\ud800',
    '1e999',
  ],
  seeds: () => STREAMS,
  generators: [],
  isMutable: true,
  async run(input) {
    const whole = await linesOf([input]);
    const single = Array.from(input.subarray(0, 300), (byte) => Buffer.of(byte));
    const cut = await linesOf([...single, input.subarray(300)]);
    if (cut.join('\n') !== whole.join('\n')) throw new FuzzFinding('the lines differ when the bytes arrive one by one');
    return `${follow(whole, true)}\n${follow(whole, false)}`;
  },
};
