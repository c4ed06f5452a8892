import { textSource } from './text-source.ts';
import { freeNames } from '../../javascript/index.ts';
import { InspectorProvider } from './inspector.ts';
import { transformProvider } from './transform-data.ts';
import type { FunctionLike, FunctionSource, Provider } from './function-source.ts';

let providers: readonly Provider[] = [];
let depth = 0;
/** The variables that the author passed with the option `scope`. */
let explicit: Readonly<Record<string, unknown>> | undefined;
let inspector: InspectorProvider | undefined;
let problem: string | undefined;
let run: object = {};

/** Runs `work` with the providers of this host. Their sessions are closed when the outermost call ends. */
export function withProviders<T>(work: () => T, scope?: Readonly<Record<string, unknown>>): T {
  const outerScope = explicit;
  explicit = scope ?? explicit;
  if (depth++ === 0) {
    providers = [transformProvider, lazyInspector];
    run = {};
  }
  try {
    return work();
  } finally {
    explicit = outerScope;
    if (--depth === 0) inspector?.close();
  }
}

/** A provider that opens the inspector at the first function without transform data. */
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

/** The source of a function; `undefined` for native functions, and for functions that this host cannot read. */
export function sourceOfFunction(fn: FunctionLike): FunctionSource | undefined {
  for (const provider of providers) {
    const source = provider.get(fn);
    if (source !== undefined) return explicit === undefined ? source : withExplicit(source, explicit);
  }
  const source = problem === undefined && explicit === undefined ? undefined : textSource(fn, explicit ?? {});
  if (source === undefined || explicit !== undefined) return source;
  // Without a provider, only a function without free variables can be traced.
  return freeNames(source.node).length === 0 ? source : undefined;
}

/** Forgets the values of captured variables, because native code of the author may have assigned them. */
export function forgetVariables(): void {
  inspector?.forget();
}

/** The identity of the current run, for caches with the lifetime of the run. */
export function currentRun(): object {
  return run;
}

/** Adds the author's variables to a source. They take precedence over the variables that the host shows. */
function withExplicit(source: FunctionSource, names: Readonly<Record<string, unknown>>): FunctionSource {
  return { ...source, lookup: (name) => (Object.hasOwn(names, name) ? { value: names[name] } : source.lookup(name)) };
}

/** The reason why this host cannot read functions; undefined when it can. */
export function providerProblem(): string | undefined {
  return problem;
}
