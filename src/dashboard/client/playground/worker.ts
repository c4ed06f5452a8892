/** The worker of the playground. It has the engine, and neither a network nor a storage. */
import { runPlayground } from '../../playground/run-playground.ts';
import { lockGlobals } from './host/lock-globals.ts';
import type { PlaygroundMessage, PlaygroundRequest } from './messages.ts';

const send: (message: PlaygroundMessage) => void = postMessage.bind(globalThis);

addEventListener('message', ({ data: { id, input } }: MessageEvent<PlaygroundRequest>) => {
  send({ is: 'result', id, result: runPlayground(input, Date.now()) });
});
lockGlobals(globalThis);
send({ is: 'loaded' });
