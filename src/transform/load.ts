import { attachSources } from './attach.ts';

/** A file of the author's own: packages are left as they are. */
export function isOwnFile(url: string): boolean {
  return url.startsWith('file:') && !url.includes('/node_modules/');
}

const FORMATS = new Set(['module', 'commonjs', 'module-typescript', 'commonjs-typescript']);

/** What a loader hook answers. */
export interface Loaded {
  readonly format?: string | null | undefined;
  readonly source?: string | ArrayBuffer | Uint8Array | null | undefined;
  readonly shortCircuit?: boolean | undefined;
}

/** Removes types without moving what remains; absent on hosts that cannot. */
export type StripTypes = ((code: string) => string) | undefined;

/** The module as the host is to run it: with the sources of its functions beside them. */
export function transformLoaded<L extends Loaded>(url: string, loaded: L, file: string, strip: StripTypes): L {
  const { format, source } = loaded;
  if (!isOwnFile(url) || source === null || source === undefined || !FORMATS.has(format ?? '')) return loaded;
  const text = typeof source === 'string' ? source : new TextDecoder().decode(source);
  const typescript = format?.endsWith('-typescript') === true;
  if (typescript && strip === undefined) return loaded;
  const code = typescript && strip !== undefined ? strip(text) : text;
  const result = attachSources({ code, file });
  if (result === undefined) return loaded;
  return { ...loaded, source: result, format: typescript ? format.replace('-typescript', '') : format };
}
