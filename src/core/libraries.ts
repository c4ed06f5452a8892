/** Modules of Node that many a process never needs: each is loaded when it is first asked for. */
import type * as ChildProcess from 'node:child_process';
import type * as Crypto from 'node:crypto';
import type * as Http from 'node:http';
import type * as Https from 'node:https';
import type * as Net from 'node:net';
import type * as Tls from 'node:tls';
import type * as Zlib from 'node:zlib';

/** Asks Node itself: a bundle, and CommonJS made of ES modules, have no place to `require` from. */
const lazy = <Library>(name: string): (() => Library) => {
  let loaded: Library | undefined;
  return () => (loaded ??= process.getBuiltinModule(name) as Library);
};

/**
 * Node's `http`. An `import` of it has Node read every member, and from Node 22 on one of them (`WebSocket`) loads a
 * whole HTTP client: 25 ms that a server has no use for.
 */
export const httpLibrary: () => typeof Http = lazy('node:http');

/** Node's `https`, which loads TLS: only a process that opens or calls a secure socket needs it. */
export const httpsLibrary: () => typeof Https = lazy('node:https');

/** Node's `crypto`, without what an `import` adds: it has Node look at every member, and load WebCrypto. */
export const cryptoLibrary: () => typeof Crypto = lazy('node:crypto');

/** Node's `tls`. An `import` of it has Node read every member, and one of them is a list of 140 certificates. */
export const tlsLibrary: () => typeof Tls = lazy('node:tls');

/** Node's `net`. An `import` of it has Node read every member, and load what block lists and their addresses need. */
export const netLibrary: () => typeof Net = lazy('node:net');

/** Node's `zlib`: only the packer of schemas needs it. */
export const zlibLibrary: () => typeof Zlib = lazy('node:zlib');

/** Node's `child_process`, with the nine modules that it needs: only credential plugins are processes. */
export const processLibrary: () => typeof ChildProcess = lazy('node:child_process');
