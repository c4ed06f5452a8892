import type * as Library from './protocol-library.ts';

/** The library of the Language Server Protocol. */
export type ProtocolLibrary = typeof Library;

/** Loads the library of the Language Server Protocol. */
export const protocolLibrary = (): Promise<ProtocolLibrary> => import('./protocol-library.ts');
