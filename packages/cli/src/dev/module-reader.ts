import { type ChildProcess, fork } from 'node:child_process';
import { type KubeObject, type SourcePosition, moduleUrl, parseJson, TypeKroError } from '@typekro/kit/core';
import type { LoadedModule, ModuleLoader } from '../inputs/module-loader.ts';
import type { ChildReport, SentObject } from './module-messages.ts';

/** Loads modules in a child process. The process starts when the first module is loaded. */
export interface ModuleReader {
  readonly load: ModuleLoader;
  /** Absolute paths of all files that modules imported, or tried to import. */
  readonly imported: ReadonlySet<string>;
  /** Ends the process, even while it loads a module. */
  close(): void;
}

/**
 * Makes a reader for the present content of the files. The child process caches modules, so changed files need a new
 * reader.
 *
 * @param print prints the output of modules
 * @param signal ends the process; loads then reject with the signal's reason
 * @param nodeOptions options of Node for the process, such as a limit of its memory; default none
 */
export function createModuleReader(
  print: (text: string) => void,
  signal: AbortSignal,
  nodeOptions: readonly string[] = [],
): ModuleReader {
  const imported = new Set<string>();
  let child: ChildProcess | undefined;
  const close = (): void => {
    signal.removeEventListener('abort', close);
    child?.kill('SIGKILL');
    child = undefined;
  };
  signal.addEventListener('abort', close, { once: true });
  return {
    imported,
    close,
    load(path, file, cwd, note = print) {
      signal.throwIfAborted();
      // A module can end the process or close its channel. In this case, a new process loads the next module.
      if (child === undefined || !isAlive(child)) child = start(cwd, print, nodeOptions);
      return loadIn(child, { path, file, cwd }, note, imported, signal);
    },
  };
}

const isAlive = ({ connected, exitCode, signalCode }: ChildProcess): boolean =>
  connected && exitCode === null && signalCode === null;

function start(cwd: string, print: (text: string) => void, nodeOptions: readonly string[]): ChildProcess {
  const url = moduleUrl('cli', 'dev/module-child');
  if (url === undefined) {
    throw new TypeKroError('this bundle of the command cannot reload TypeScript and JavaScript files', {
      code: 'cli/no-modules',
      remedy: 'install the package: npm install typekro',
    });
  }
  const child = fork(url, {
    cwd,
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [...process.execArgv, ...nodeOptions],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => print(text.trimEnd()));
  }
  return child;
}

function loadIn(
  child: ChildProcess,
  request: { readonly path: string; readonly file: string; readonly cwd: string },
  note: (text: string) => void,
  imported: Set<string>,
  signal: AbortSignal,
): Promise<LoadedModule> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
      settle();
    };
    const onMessage = (report: ChildReport): void => {
      if (report.kind === 'note') return note(report.text);
      for (const path of report.imported) imported.add(path);
      const { diagnostics } = report;
      finish(() => resolve({ objects: report.objects.map(restoreObject), diagnostics }));
    };
    const onError = (error: Error): void => finish(() => reject(error));
    const onExit = (code: number | null, by: string | null): void => {
      imported.add(request.path);
      finish(() => {
        if (signal.aborted) return reject(signal.reason as Error);
        const message = `the process that loads the module ended (${code === null ? by : `exit code ${code}`}), before the module was loaded`;
        const hint = 'look at what it printed; a module must not end its process';
        const source = { file: request.file, line: 1, column: 1 };
        resolve({
          objects: [],
          diagnostics: [{ code: 'input/module-failed', severity: 'error', message, hint, source }],
        });
      });
    };
    child.on('message', onMessage).on('exit', onExit).on('error', onError);
    child.send(request, (error) => {
      // If the process is ending, it does not read the request, and its `exit` event rejects or resolves the load.
      if (error !== null && isAlive(child)) onError(error);
    });
  });
}

/**
 * Restores the object and its `locate` function. A field without a location has the location of its nearest ancestor.
 */
function restoreObject({ text, places }: SentObject): LoadedModule['objects'][number] {
  const object = parseJson(text) as KubeObject;
  if (places.length === 0) return { object };
  const known = new Map(places);
  const locate = (path: string): SourcePosition | undefined => {
    for (let at = path; ; at = at.slice(0, Math.max(at.lastIndexOf('.'), at.lastIndexOf('['), 0))) {
      const place = known.get(at);
      if (place !== undefined || at === '') return place;
    }
  };
  return { object, locate };
}
