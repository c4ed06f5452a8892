/** The worker of the playground and of forms. It runs the engine, and can use neither the network nor a storage. */
import { checkInstance } from '../../playground/check-instance.ts';
import { runPlayground } from '../../playground/run-playground.ts';
import { lockGlobals } from './host/lock-globals.ts';
import type { EngineMessage, EngineRequest } from './playground-runner.ts';

const send: (message: EngineMessage) => void = postMessage.bind(globalThis);

addEventListener('message', ({ data: { id, input } }: MessageEvent<EngineRequest>) => {
  const result = 'instance' in input ? checkInstance(input) : runPlayground(input, Date.now());
  send({ is: 'result', id, result });
});
lockGlobals(globalThis);
send({ is: 'loaded' });
