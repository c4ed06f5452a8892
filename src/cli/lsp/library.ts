import type * as Library from './protocol-library.ts';

/** The protocol's library. */
export type ProtocolLibrary = typeof Library;

/** Loads the protocol's library. */
export const protocolLibrary = (): Promise<ProtocolLibrary> => import('./protocol-library.ts');
