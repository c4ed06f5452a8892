import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DevLoop } from '../src/dev/dev-loop.ts';
import type { FolderEvents } from '../src/dev/watch-files.ts';
import { checkNamedFiles } from '../src/checks/checked.ts';
import { type Session, startUpSession } from '../src/up/up-session.ts';
import { takeStateDirectory } from '../src/up/state-directory.ts';
import { type Clock, systemClock } from '@typekro/kube';

/** A clock on which a timer of less than a second fires at once, so that no test waits for a debounce. */
const clock: Clock = {
  ...systemClock,
  setTimer(milliseconds, callback) {
    const timer = systemClock.setTimer(milliseconds < 1000 ? 0 : milliseconds, callback);
    return timer;
  },
};

/** The definition of the kind Pot with one ConfigMap. */
export const definition = (extra = '', text = '${schema.spec.text}') => `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: pots}
spec:
  schema: {apiVersion: v1, kind: Pot, group: acme.test, spec: {text: string | default="x"}}
  resources:
    - id: map
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.metadata.name}"}, data: {text: "${text}"}}
${extra}`;
/** A second ConfigMap of the definition. */
export const second = `    - id: second
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.metadata.name}-second"}}
`;
export const instance = (name: string) => `apiVersion: acme.test/v1
kind: Pot
metadata: {name: ${name}}
`;

/**
 * Runs the loop of `typekro dev` over `pots.yaml` and `shop.yaml`. The test reads its output, and controls its keys and
 * file events.
 */
export class DevHarness {
  readonly cwd = mkdtempSync(join(tmpdir(), 'typekro-dev-'));
  readonly stop = new AbortController();
  readonly sessions: Session[] = [];
  readonly watched = new Map<() => void, ReadonlySet<string>>();
  code: Promise<number> = Promise.resolve(-1);
  press: (key: string) => void = () => {};
  isListening = false;
  /** Called when the files have been read, before the loop gets them. */
  onRead: (paths: Set<string>, signal: AbortSignal) => void | Promise<void> = () => {};
  /** Called before each start of a cluster. */
  onStart: () => void | Promise<void> = () => {};
  timeoutMs = 20_000;
  port = 0;
  #text = '';
  #from = 0;
  readonly #waiting = new Set<() => void>();
  readonly #state = takeStateDirectory({ cwd: this.cwd, signal: new AbortController().signal }, 'default');

  /** The path of the kubeconfig file. */
  get kubeconfig(): string {
    return this.#state.kubeconfig;
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.cwd, name), text);
  }

  /** Sends the loop an event of its folders. */
  event(): void {
    for (const onEvent of this.watched.keys()) onEvent();
  }

  /** Saves like an editor: writes a new file and renames it to the old name. */
  save(name: string, text: string): void {
    this.write(`${name}~`, text);
    renameSync(join(this.cwd, `${name}~`), join(this.cwd, name));
    this.event();
  }

  /** Starts the loop. `hasKeyboard` is false for an output that is not a terminal. */
  start(files = ['pots.yaml', 'shop.yaml'], hasKeyboard = true): void {
    const print = (text: string): void => {
      this.#text += `${text}\n`;
      for (const check of this.#waiting) check();
    };
    const events: FolderEvents = {
      watch: (folders, onEvent) => {
        this.watched.set(onEvent, new Set(folders));
        return () => void this.watched.delete(onEvent);
      },
    };
    const keyboard = {
      listen: (onKey: (key: string) => void) => {
        this.press = onKey;
        this.isListening = true;
        return () => {
          this.isListening = false;
        };
      },
    };
    const context = {
      cwd: this.cwd,
      env: {},
      print,
      printError: print,
      readInput: () => Promise.resolve(''),
      signal: this.stop.signal,
      ...(hasKeyboard ? { keyboard } : {}),
    };
    this.code = new DevLoop({
      context,
      named: files.map((file) => join(this.cwd, file)),
      events,
      clock,
      timeoutMs: this.timeoutMs,
      start: async () => {
        await this.onStart();
        const session = await startUpSession(this.#state, { port: this.port });
        this.sessions.push(session);
        return session;
      },
      announce: () => print('started'),
      read: async (signal, paths) => {
        const checked = await checkNamedFiles({ ...context, signal }, { positionals: [], options: {} }, files);
        await this.onRead(paths, signal);
        return checked;
      },
    }).run();
  }

  /**
   * Waits for output that matches the pattern. Returns the output from the end of the previous match to the end of this
   * match.
   */
  until(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const rest = this.#text.slice(this.#from);
        const found = pattern.exec(rest);
        if (found === null) return;
        this.#waiting.delete(check);
        const end = found.index + found[0].length;
        this.#from += end;
        resolve(rest.slice(0, end));
      };
      this.#waiting.add(check);
      check();
      void this.code.then((code) => reject(new Error(`ended with ${code}: ${this.#text}`)), reject);
    });
  }

  async names(): Promise<string[]> {
    const { items } = await this.sessions
      .at(-1)!
      .api.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default' });
    return items
      .map(({ metadata }) => metadata.name ?? '')
      .filter((name) => !name.startsWith('kube-'))
      .sort();
  }

  async end(): Promise<void> {
    this.stop.abort();
    await this.code;
    this.#state.release();
    rmSync(this.cwd, { recursive: true, force: true });
  }
}
