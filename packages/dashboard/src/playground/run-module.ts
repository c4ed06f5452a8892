import { type EmitOptions, CompositionError, defineFactory, interpretModule } from '@typekro/sdk/compose';
import type { Diagnostic, JsonObject, SourcePosition } from '@typekro/kit/core';
import { errorDiagnostic, hasErrors, TypeKroError } from '@typekro/kit/core';
import { kubernetesFactories, simpleFactories } from '@typekro/sdk/factories';
import * as typekro from '@typekro/sdk';
import { eraseTypes } from './erase-types.ts';

/** The part of a composition that the playground uses. */
export interface MadeComposition {
  readonly diagnostics: readonly Diagnostic[];
  toDefinition(options: EmitOptions): JsonObject;
  locate(path: string): SourcePosition | undefined;
}

/** The compositions of a module, in the order in which they were made. */
export interface RunModule {
  readonly compositions: readonly MadeComposition[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The name of the module in problems. */
const FILE = 'source.ts';

/** The functions that make compositions and graphs. */
const { kubernetesComposition, toResourceGraph, graph } = typekro;
const MAKERS = { kubernetesComposition, toResourceGraph, graph };

/** Interprets a module in TypeScript, and collects its compositions. */
export function runModule(text: string): RunModule {
  const erased = eraseTypes(text, FILE);
  if ('diagnostics' in erased) return { compositions: [], diagnostics: erased.diagnostics };
  const compositions: MadeComposition[] = [];
  try {
    interpretModule({ text: erased.text, file: FILE, modules: modulesWith((made) => compositions.push(made)) });
  } catch (error) {
    if (!(error instanceof TypeKroError)) throw error;
    return { compositions: [], diagnostics: diagnosticsOf(error) };
  }
  return { compositions, diagnostics: compositions.flatMap(({ diagnostics }) => diagnostics) };
}

/** The modules that a text may import. `note` gets each composition and graph that the text makes. */
function modulesWith(note: (made: MadeComposition) => void): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const makers = Object.entries(MAKERS).map(([name, maker]) => {
    const make = maker as (...args: unknown[]) => MadeComposition;
    const noted = defineFactory((...args: never[]) => {
      const made = make(...args);
      note(made);
      return made;
    });
    return [name, noted] as const;
  });
  return new Map<string, Readonly<Record<string, unknown>>>([
    ['typekro', { ...typekro, ...Object.fromEntries(makers) }],
    ['typekro/simple', simpleFactories],
    ['typekro/kubernetes', kubernetesFactories],
  ]);
}

/** Matches the tracer's message about a function or an object of the host environment, such as `fetch`. */
const IS_OF_HOST = /^(?:fetch|set(?:Timeout|Interval|Immediate)|queueMicrotask|XMLHttpRequest|WebSocket) is not /;
const NO_HOST = 'the playground has no network and no timers: write the value, or take it from the spec';

function diagnosticsOf(error: TypeKroError): readonly Diagnostic[] {
  const found =
    error instanceof CompositionError && hasErrors(error.diagnostics) ? error.diagnostics : [errorDiagnostic(error)];
  return found.map((each) => (IS_OF_HOST.test(each.message) ? { ...each, hint: NO_HOST } : each));
}
