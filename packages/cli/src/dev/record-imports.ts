import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { codeFolder } from '@typekro/kit/core';

type Next<Result> = (first: string, context: object) => Result;

/** The loader hooks for versions of Node without `registerHooks`. These hooks run in a separate thread. */
const HOOKS = `let port;
const seen = (url) => { if (url.startsWith('file:')) port.postMessage(url); };
export const initialize = (data) => { port = data.port; };
export const load = (url, context, next) => { seen(url); return next(url, context); };
export const resolve = (name, context, next) => {
  if (/^(?:\\.{0,2}\\/|file:)/.test(name) && context.parentURL?.startsWith('file:')) seen(new URL(name, context.parentURL).href);
  return next(name, context);
};`;

/**
 * Records the files that modules import after this call, including files that do not parse. A file that does not exist
 * is included if the import names it by a path or a file URL. Files that `require` loaded earlier are also listed. Call
 * it before another loader is registered, so that the hooks also see that loader's requests.
 *
 * @returns a function that returns the absolute paths so far, without files of installed packages
 */
export function recordImports(): () => readonly string[] {
  const urls = new Set<string>();
  const drain = record(urls);
  const own = ownCode();
  // This cache contains all modules that `require` loads in this process.
  const { cache } = nodeModule.createRequire(process.execPath);
  return () => {
    drain();
    return [...new Set([...importedPaths(urls), ...Object.keys(cache)])].filter(
      (path) => !/[\\/]node_modules[\\/]/.test(path) && (own === undefined || !path.startsWith(own)),
    );
  };
}

/** Converts file URLs to paths. A URL that has no path is left out; the import itself fails with an error. */
export function importedPaths(urls: Iterable<string>): string[] {
  return [...urls].flatMap((url) => {
    try {
      return [fileURLToPath(url.replace(/[?#].*$/, ''))];
    } catch {
      return [];
    }
  });
}

function record(urls: Set<string>): () => void {
  const registerHooks: unknown = Reflect.get(nodeModule, 'registerHooks');
  if (typeof registerHooks === 'function') {
    const seen = (url: string): void => {
      if (url.startsWith('file:')) urls.add(url);
    };
    (registerHooks as (hooks: object) => void)({
      load(url: string, context: object, next: Next<unknown>) {
        seen(url);
        return next(url, context);
      },
      resolve(name: string, context: { readonly parentURL?: string }, next: Next<unknown>) {
        if (/^(?:\.{0,2}\/|file:)/.test(name) && context.parentURL?.startsWith('file:') === true)
          seen(new URL(name, context.parentURL).href);
        return next(name, context);
      },
    });
    return () => {};
  }
  const { port1, port2 } = new MessageChannel();
  nodeModule.register(`data:text/javascript,${encodeURIComponent(HOOKS)}`, {
    data: { port: port2 },
    transferList: [port2],
  });
  port1.unref();
  return () => {
    // The hooks post the URL before the import continues, so all messages have arrived at the port.
    for (let next = receiveMessageOnPort(port1); next !== undefined; next = receiveMessageOnPort(port1))
      urls.add(next.message as string);
  };
}

/**
 * The folder of this package's own code, whose imports are ignored. It is needed only in a clone, because the code of
 * an installed package is below `node_modules`.
 */
function ownCode(): string | undefined {
  const url = codeFolder();
  return url === undefined ? undefined : fileURLToPath(url);
}
