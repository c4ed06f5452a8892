/** Modules of Node. Each is loaded at its first use, because many processes never use it. */
import type * as ChildProcess from 'node:child_process';
import type * as Crypto from 'node:crypto';
import type * as Http from 'node:http';
import type * as Https from 'node:https';
import type * as Net from 'node:net';
import type * as PerfHooks from 'node:perf_hooks';
import type * as Tls from 'node:tls';
import type * as Tty from 'node:tty';
import type * as Zlib from 'node:zlib';

/**
 * Loads a module of Node by `process.getBuiltinModule`, which needs no `require`. The function therefore also works in
 * a bundle, and in CommonJS code that was compiled from this module.
 */
const lazy = <Library>(name: string): (() => Library) => {
  let loaded: Library | undefined;
  return () => (loaded ??= process.getBuiltinModule(name) as Library);
};

/**
 * Node's `http`. An `import` would make Node read every member of the module. From Node 22 on, one of them
 * (`WebSocket`) loads a whole HTTP client. A server does not need the client, and the load takes 25 ms.
 */
export const httpLibrary: () => typeof Http = lazy('node:http');

/** Node's `https`, which loads TLS. Only a process that opens or calls a secure socket needs it. */
export const httpsLibrary: () => typeof Https = lazy('node:https');

/** Node's `crypto`. An `import` would make Node read every member of the module, which loads WebCrypto. */
export const cryptoLibrary: () => typeof Crypto = lazy('node:crypto');

/**
 * Node's `tls`. An `import` would make Node read every member of the module, one of which is a list of 140
 * certificates.
 */
export const tlsLibrary: () => typeof Tls = lazy('node:tls');

/**
 * Node's `net`. An `import` would make Node read every member of the module, which loads the code of block lists and
 * their addresses.
 */
export const netLibrary: () => typeof Net = lazy('node:net');

/** Node's `tty`, which loads `net`. Only a command that reads or writes a device needs it. */
export const ttyLibrary: () => typeof Tty = lazy('node:tty');

/** Node's `zlib`. Only the packer of schemas and the SPDY streams of the embedded cluster need it. */
export const zlibLibrary: () => typeof Zlib = lazy('node:zlib');

/** Node's `perf_hooks`. Only a process that serves metrics measures itself. */
export const perfHooksLibrary: () => typeof PerfHooks = lazy('node:perf_hooks');

/**
 * Node's `child_process`, which loads nine additional modules. Only credential plugins and the processes of pods in an
 * embedded cluster need it.
 */
export const processLibrary: () => typeof ChildProcess = lazy('node:child_process');
