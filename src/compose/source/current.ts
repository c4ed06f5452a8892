import { refuse } from '../trace/refusal.ts';
import { InspectorProvider } from './inspector.ts';
import { transformProvider } from './transform-data.ts';
import type { FunctionLike, FunctionSource, Provider } from './provider.ts';

let providers: readonly Provider[] = [];
let depth = 0;
let inspector: InspectorProvider | undefined;
let problem: string | undefined;
let run: object = {};

/** Runs `work` with the providers of this host open; sessions are closed when the outermost run ends. */
export function withProviders<T>(work: () => T): T {
  if (depth++ === 0) {
    providers = [transformProvider, lazyInspector];
    run = {};
  }
  try {
    return work();
  } finally {
    if (--depth === 0) {
      inspector?.close();
    }
  }
}

/** The inspector is opened when the first function without transform data is met. */
const lazyInspector: Provider = {
  get(fn) {
    if (problem !== undefined) return undefined;
    if (inspector === undefined) {
      const opened = InspectorProvider.open();
      if (typeof opened === 'string') {
        problem = opened;
        return undefined;
      }
      inspector = opened;
    }
    return inspector.get(fn);
  },
};

/** The source of a function; `undefined` for native ones and where no provider works. */
export function sourceOfFunction(fn: FunctionLike): FunctionSource | undefined {
  for (const provider of providers) {
    const source = provider.get(fn);
    if (source !== undefined) return source;
  }
  return undefined;
}

/** Identifies the run that is under way, for caches that live as long. */
export function currentRun(): object {
  return run;
}

/** Why functions cannot be read here, if so. */
export function providerProblem(): string | undefined {
  return problem;
}

/** Refuses for want of a provider, with the ways out. */
export function refuseWithoutProvider(names: readonly string[]): never {
  const list = names.slice(0, 5).join(', ');
  return refuse(
    'provider',
    `the composition reads variables around it (${list}), and this host does not let them be read: ${problem ?? 'no provider'}`,
    `run with --import typekro/register, add the typekro plugin to the bundler, or pass { scope: () => ({ ${list} }) }`,
  );
}
