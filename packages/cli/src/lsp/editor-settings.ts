import { type JsonValue, isJsonObject } from '@typekro/kit/core';

/** The settings of the server, from `initializationOptions` and from the section `typekro` of the configuration. */
export interface LspSettings {
  /** May compositions be loaded? Their code runs. Default false. */
  readonly trusted: boolean;
  /** The time limit for loading a composition, in milliseconds. Default 10,000. */
  readonly traceTimeoutMs: number;
  /** The maximum heap of the process that loads a composition, in MiB. Default 256. */
  readonly traceMemoryMiB: number;
  /** Does hover read objects of the cluster? Default false. Secrets are never read. */
  readonly liveValues: boolean;
  /** The kubeconfig and the context for live values. Default: those that kubectl uses. */
  readonly kubeconfig?: string;
  readonly context?: string;
}

export const DEFAULT_SETTINGS: LspSettings = {
  trusted: false,
  traceTimeoutMs: 10_000,
  traceMemoryMiB: 256,
  liveValues: false,
};

const MAX_TIMEOUT_MS = 120_000;
const MAX_MEMORY_MIB = 4096;

/** Reads settings. A setting that is absent or has a wrong type keeps its value from `before`. */
export function readEditorSettings(given: JsonValue | undefined, before: LspSettings = DEFAULT_SETTINGS): LspSettings {
  if (!isJsonObject(given)) return before;
  const flag = (name: string, otherwise: boolean): boolean =>
    typeof given[name] === 'boolean' ? given[name] : otherwise;
  const number = (name: string, otherwise: number, max: number): number => {
    const value = given[name];
    return typeof value === 'number' && value > 0 ? Math.min(value, max) : otherwise;
  };
  const text = (name: 'kubeconfig' | 'context'): { readonly [key: string]: string } => {
    const value = given[name] ?? before[name];
    return typeof value === 'string' && value !== '' ? { [name]: value } : {};
  };
  return {
    trusted: flag('trusted', before.trusted),
    traceTimeoutMs: number('traceTimeoutMs', before.traceTimeoutMs, MAX_TIMEOUT_MS),
    traceMemoryMiB: number('traceMemoryMiB', before.traceMemoryMiB, MAX_MEMORY_MIB),
    liveValues: flag('liveValues', before.liveValues),
    ...text('kubeconfig'),
    ...text('context'),
  };
}
