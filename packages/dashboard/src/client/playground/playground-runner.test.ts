import { expect, test } from 'vitest';
import type { PlaygroundInput, PlaygroundResult } from '../../playground/input.ts';
import type { RunState, EngineMessage, EngineRequest } from './playground-runner.ts';
import { createRunner, MAX_RUN_MS } from './playground-runner.ts';

const input = (source: string): PlaygroundInput => ({ language: 'yaml', source, spec: '', observed: '' });
const RESULT = { problems: [], steps: [] };

/** A runner whose workers and timers the test controls. */
function createScene() {
  const states: RunState<PlaygroundResult>[] = [];
  const workers: {
    readonly sent: EngineRequest<PlaygroundInput>[];
    ended: boolean;
    readonly receive: (message: EngineMessage<PlaygroundResult>) => void;
    readonly fail: (reason: string) => void;
  }[] = [];
  const timers = new Set<{ readonly call: () => void; readonly ms: number }>();
  const runner = createRunner<PlaygroundInput, PlaygroundResult>(
    {
      start(receive, fail) {
        const worker = { sent: [] as EngineRequest<PlaygroundInput>[], ended: false, receive, fail };
        workers.push(worker);
        return {
          send: (request) => worker.sent.push(request),
          end: () => {
            worker.ended = true;
          },
        };
      },
      later(call, ms) {
        const timer = { call, ms };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
    (state) => states.push(state),
  );
  const fire = (ms: number): void => {
    for (const timer of timers) {
      if (timer.ms !== ms) continue;
      timers.delete(timer);
      timer.call();
    }
  };
  return { runner, states, workers, timers, pause: () => fire(150), limit: () => fire(MAX_RUN_MS) };
}

test('the last input runs after a pause, as soon as the worker is loaded', () => {
  const { runner, states, workers, pause } = createScene();
  runner.run(input('a'));
  runner.run(input('b'));
  expect(workers).toHaveLength(0);
  pause();
  expect(workers[0]?.sent).toEqual([]);
  workers[0]?.receive({ is: 'loaded' });
  expect(workers[0]?.sent).toEqual([{ id: 1, input: input('b') }]);
  workers[0]?.receive({ is: 'result', id: 1, result: RESULT });
  expect(states.at(-1)).toEqual({ is: 'done', result: RESULT });
});

test('the result of an earlier input is dropped', () => {
  const { runner, states, workers, pause } = createScene();
  runner.run(input('a'));
  pause();
  workers[0]?.receive({ is: 'loaded' });
  runner.run(input('b'));
  workers[0]?.receive({ is: 'result', id: 1, result: RESULT });
  expect(states.at(-1)).toEqual({ is: 'running' });
  expect(workers[0]?.sent.map(({ input: { source } }) => source)).toEqual(['a', 'b']);
});

test('a run that takes too long is ended, and the next one starts another worker', () => {
  const { runner, states, workers, timers, pause, limit } = createScene();
  runner.run(input('a'));
  pause();
  workers[0]?.receive({ is: 'loaded' });
  limit();
  expect(workers[0]?.ended).toBe(true);
  expect(states.at(-1)).toMatchObject({
    is: 'ended',
    reason: expect.stringMatching(/longer than 4 seconds.*big string, a big list or nested macros/) as string,
  });
  expect(timers.size).toBe(0);
  runner.run(input('b'));
  pause();
  workers[1]?.receive({ is: 'loaded' });
  expect(workers[1]?.sent).toHaveLength(1);
});

test('a worker that fails reports the reason', () => {
  const { runner, states, workers, pause } = createScene();
  runner.run(input('a'));
  pause();
  workers[0]?.fail('The engine could not be loaded.');
  expect(states.at(-1)).toEqual({ is: 'ended', reason: 'The engine could not be loaded.' });
});

test('a worker that cannot be loaded is started again only by the next input', () => {
  const { runner, workers, pause } = createScene();
  runner.run(input('a'));
  pause();
  workers[0]?.fail('The engine could not be loaded.');
  expect(workers).toHaveLength(1);
  runner.run(input('b'));
  pause();
  expect(workers).toHaveLength(2);
});

test('after the failure of a loaded worker, an input that waits runs in another worker', () => {
  const { runner, workers, pause } = createScene();
  runner.run(input('a'));
  pause();
  workers[0]?.receive({ is: 'loaded' });
  runner.run(input('b'));
  pause();
  workers[0]?.fail('The engine failed.');
  workers[1]?.receive({ is: 'loaded' });
  expect(workers[1]?.sent.map(({ input: { source } }) => source)).toEqual(['b']);
});

test('a closed runner ends its worker and its timers', () => {
  const { runner, workers, timers, pause } = createScene();
  runner.run(input('a'));
  pause();
  workers[0]?.receive({ is: 'loaded' });
  runner.close();
  expect(workers[0]?.ended).toBe(true);
  expect(timers.size).toBe(0);
});
