import examples from './examples.json' with { type: 'json' };
import type { PlaygroundInput } from './input.ts';

/** An example that a user of the playground can start from. */
export interface PlaygroundExample extends PlaygroundInput {
  readonly name: string;
}

const [first, ...others] = examples.map(({ language, ...texts }): PlaygroundExample => ({
  ...texts,
  language: language === 'typescript' ? language : 'yaml',
}));
if (first === undefined) throw new Error('examples.json has no example');

/** The examples of `examples.json`, in the order of the menu. The first one is shown at the start. */
export const PLAYGROUND_EXAMPLES: readonly [PlaygroundExample, ...PlaygroundExample[]] = [first, ...others];
