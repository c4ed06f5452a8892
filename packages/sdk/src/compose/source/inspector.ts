import type * as InspectorModule from 'node:inspector';
import type { Session as InspectorSession } from 'node:inspector';
import type * as VmModule from 'node:vm';
import type { SourcePosition } from '@typekro/kit/core';
import { Refusal, refuse } from '../refusal/refusal.ts';
import { freeNames, mapPosition } from '../../javascript/index.ts';
import { isNativeText } from './text-source.ts';
import { parseFunction } from './parse-function.ts';
import type { CapturedVariable, FunctionLike, FunctionSource, Provider } from './function-source.ts';

interface ScopeView {
  readonly kind: string;
  readonly variables: Record<string, unknown>;
}

interface Remote {
  readonly result: { readonly objectId?: string };
  readonly exceptionDetails?: unknown;
}

interface Properties {
  readonly internalProperties?: readonly {
    readonly name: string;
    readonly value?: { readonly objectId?: string; readonly value?: unknown };
  }[];
}

/** The global property through which a function is passed to the inspector. It is removed after each look-up. */
const KEY = '__typekro_capture';

/**
 * Reads functions through the in-process inspector: the text from `toString`, free variables from the internal
 * `[[Scopes]]`. Each tracing run has one session, and leaves no property on the global object. The scopes are copies of
 * the variables. After `forget` or the end of a run, the next look-up copies them again.
 */
export class InspectorProvider implements Provider {
  private readonly session: InspectorSession;
  private readonly realm: Record<string, unknown>;
  private connected = false;
  private readonly sources = new WeakMap<FunctionLike, FunctionSource>();
  /** The start of a function is cached, because the tracer may look up a thousand positions in one function. */
  private readonly starts = new WeakMap<FunctionLike, Start | undefined>();
  private generation = 0;

  private constructor(session: InspectorSession, realm: Record<string, unknown>) {
    this.session = session;
    this.realm = realm;
  }

  /** A provider, or the reason why this host has none. */
  static open(): InspectorProvider | string {
    // `getBuiltinModule` hides the import from bundlers, and does not fail on hosts without the module.
    const inspector = process.getBuiltinModule?.('node:inspector') as typeof InspectorModule | undefined;
    const vm = process.getBuiltinModule?.('node:vm') as typeof VmModule | undefined;
    if (inspector === undefined || vm === undefined) return 'this host has no inspector';
    try {
      const session = new inspector.Session();
      const provider = new InspectorProvider(session, vm.runInThisContext('globalThis') as Record<string, unknown>);
      const problem = provider.selfTest();
      if (problem === undefined) return provider;
      provider.close();
      return problem;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Ends the session. The next look-up opens a new one. */
  close(): void {
    this.forget();
    if (!this.connected) return;
    this.session.disconnect();
    this.connected = false;
    this.scriptTable = undefined;
  }

  /** Forgets the copied values of captured variables, which may have changed. */
  forget(): void {
    this.generation += 1;
  }

  get(fn: FunctionLike): FunctionSource | undefined {
    const known = this.sources.get(fn);
    if (known !== undefined) return known;
    const text = Function.prototype.toString.call(fn);
    if (isNativeText(text)) return undefined;
    const { node, shift } = this.parse(fn, text);
    let scopes: readonly ScopeView[] = [];
    let copiedIn = -1;
    const source: FunctionSource = {
      text,
      node,
      shift,
      lookup: (name) => {
        if (copiedIn !== this.generation) {
          scopes = this.scopes(fn);
          copiedIn = this.generation;
        }
        return lookUp(scopes, name);
      },
      locate: (offset) => this.locate(fn, text, offset - shift),
    };
    this.sources.set(fn, source);
    return source;
  }

  /** Parses the text of a function. A refusal gets the place of the function. */
  private parse(fn: FunctionLike, text: string): ReturnType<typeof parseFunction> {
    try {
      return parseFunction(text);
    } catch (error) {
      if (error instanceof Refusal)
        error.site ??= { text, start: 0, end: text.length, locate: (offset) => this.locate(fn, text, offset) };
      throw error;
    }
  }

  private post<Result>(method: string, params: object): Result {
    if (!this.connected) {
      this.session.connect();
      this.connected = true;
    }
    let answer: Result | undefined;
    let failure: Error | null = null;
    this.session.post(method, params, (error: Error | null, result: unknown) => {
      failure = error;
      answer = result as Result;
    });
    if (failure !== null) throw failure as Error;
    if (answer === undefined) throw new Error('the inspector responds asynchronously');
    return answer;
  }

  /** The scopes around a function, innermost first, without the global scopes. */
  private scopes(fn: FunctionLike): ScopeView[] {
    const found: ScopeView[] = [];
    this.realm[KEY] = fn;
    this.realm[`${KEY}_out`] = found;
    try {
      const target = this.post<Remote>('Runtime.evaluate', { expression: KEY, objectGroup: KEY });
      const out = this.post<Remote>('Runtime.evaluate', { expression: `${KEY}_out`, objectGroup: KEY });
      const properties = this.post<Properties>('Runtime.getProperties', {
        objectId: target.result.objectId,
        ownProperties: true,
      });
      const scopes = properties.internalProperties?.find((property) => property.name === '[[Scopes]]')?.value?.objectId;
      if (scopes === undefined) return found;
      const called = this.post<Remote>('Runtime.callFunctionOn', {
        objectId: scopes,
        functionDeclaration:
          'function (out) { for (let i = 0; i < this.length; i++) out.push({ kind: String(this[i].description), variables: this[i].object }); }',
        arguments: [{ objectId: out.result.objectId }],
        objectGroup: KEY,
      });
      if (called.exceptionDetails !== undefined) refuse('provider', 'the scopes of a function cannot be read');
    } finally {
      delete this.realm[KEY];
      delete this.realm[`${KEY}_out`];
      this.post('Runtime.releaseObjectGroup', { objectGroup: KEY });
    }
    return found.filter((scope) => !scope.kind.startsWith('Global'));
  }

  private locate(fn: FunctionLike, text: string, offset: number): SourcePosition | undefined {
    if (!this.starts.has(fn)) this.starts.set(fn, this.start(fn, text));
    const start = this.starts.get(fn);
    if (start === undefined) return undefined;
    const before = text.slice(0, offset).split('\n');
    const line = start.line + before.length - 1;
    const column = (before.length === 1 ? start.column : 0) + (before.at(-1) as string).length;
    return mapPosition(start.script.url, start.script.sourceMapUrl, line, column);
  }

  /** The position at which the text of a function begins. */
  private start(fn: FunctionLike, text: string): Start | undefined {
    this.realm[KEY] = fn;
    try {
      const target = this.post<Remote>('Runtime.evaluate', { expression: KEY, objectGroup: KEY });
      const properties = this.post<Properties>('Runtime.getProperties', {
        objectId: target.result.objectId,
        ownProperties: true,
      });
      const place = properties.internalProperties?.find((property) => property.name === '[[FunctionLocation]]')?.value
        ?.value;
      if (place === undefined) return undefined;
      const {
        scriptId,
        lineNumber,
        columnNumber = 0,
      } = place as { scriptId: string; lineNumber: number; columnNumber?: number };
      const script = this.script(scriptId);
      if (script === undefined) return undefined;
      return { script, line: lineNumber, column: this.textColumn(script, text, lineNumber, columnNumber) };
    } finally {
      delete this.realm[KEY];
      this.post('Runtime.releaseObjectGroup', { objectGroup: KEY });
    }
  }

  /**
   * The column of the first character of a function's text. `[[FunctionLocation]]` is the position of the parameters;
   * the text may begin earlier in the same line (`function name`, `async`).
   */
  private textColumn(script: ScriptInfo, text: string, line: number, column: number): number {
    const sourceLine = script.source.split('\n')[line] ?? '';
    const firstLine = text.split('\n')[0] as string;
    const at = sourceLine.lastIndexOf(firstLine, column);
    return at < 0 ? column : at;
  }

  /**
   * A cache of the scripts in which a function was located. A later session need not enable the debugger for these
   * scripts. Enabling the debugger takes long in a large process.
   */
  private readonly located = new Map<string, ScriptInfo>();
  private scriptTable: Map<string, Omit<ScriptInfo, 'source'>> | undefined;

  private script(id: string): ScriptInfo | undefined {
    const known = this.located.get(id);
    if (known !== undefined) return known;
    const listed = this.scripts().get(id);
    if (listed === undefined) return undefined;
    const { scriptSource } = this.post<{ scriptSource: string }>('Debugger.getScriptSource', { scriptId: id });
    const script = { ...listed, source: scriptSource };
    this.located.set(id, script);
    return script;
  }

  /** The scripts of this process, for messages. The debugger stays enabled until the session ends. */
  private scripts(): Map<string, Omit<ScriptInfo, 'source'>> {
    if (this.scriptTable !== undefined) return this.scriptTable;
    const table = new Map<string, Omit<ScriptInfo, 'source'>>();
    this.scriptTable = table;
    this.session.removeAllListeners('Debugger.scriptParsed');
    this.session.on('Debugger.scriptParsed', ({ params }) => {
      table.set(params.scriptId, { url: params.url, sourceMapUrl: params.sourceMapURL ?? '' });
    });
    this.post('Debugger.enable', {});
    return table;
  }

  private selfTest(): string | undefined {
    const captured = {};
    const probe = () => captured;
    // The name is read from the source, because minifiers rename the variable.
    const source = this.get(probe);
    const [name] = source === undefined ? [] : freeNames(source.node);
    const found = name === undefined ? undefined : source?.lookup(name);
    return found !== undefined && 'value' in found && found.value === captured
      ? undefined
      : 'the inspector does not show captured variables';
  }
}

/** The line and the column of the first character of a function's text, from 0. */
interface Start {
  readonly script: ScriptInfo;
  readonly line: number;
  readonly column: number;
}

interface ScriptInfo {
  readonly url: string;
  readonly sourceMapUrl: string;
  readonly source: string;
}

function lookUp(scopes: readonly ScopeView[], name: string): CapturedVariable | undefined {
  for (const { variables } of scopes) {
    if (variables === undefined || !Object.hasOwn(variables, name)) continue;
    try {
      return { value: variables[name] };
    } catch (error) {
      if (error instanceof ReferenceError || (error as Error).name === 'ReferenceError') return { uninitialised: true };
      throw error;
    }
  }
  return undefined;
}
