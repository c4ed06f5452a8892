/** Types of the replayer, for the runner of the tests. */
export interface RecordedCase {
  readonly id: string;
  readonly topic: string;
  readonly profile?: 'api' | 'controllers';
  readonly needs?: readonly string[];
  readonly steps: readonly { readonly res?: unknown }[];
}

export type Send = (request: object, onResponse?: (response: unknown) => unknown) => Promise<unknown>;

export function load(files: readonly string[]): { fixtures: Record<string, object>; cases: RecordedCase[] };
export function makeClient(options: { base: string; token?: string; ca?: string; insecure?: boolean }): Send;
export function ensureFixture(send: Send, fixtures: Record<string, object>, name: string, variables: object, started: object): Promise<void>;
export function runCase(send: Send, recorded: RecordedCase, variables: object): Promise<{ step: number; actual: unknown }[]>;
export function diff(expected: unknown, actual: unknown, path: string, out: string[], lenient: boolean): string[];
