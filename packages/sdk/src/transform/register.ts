/**
 * `node --import typekro/register program.js` attaches the source to each function that a composition may call, while
 * modules are loaded. Use it on hosts where the tracer cannot read the source otherwise: Node with the permission
 * model, Deno with `--preload`, and Bun with `--preload typekro/register` or in `bunfig.toml`. TypeScript needs a Node
 * that strips types, or `--import tsx` before this option.
 */
import Module, * as nodeModule from 'node:module';
import { bunHost, registerInBun } from './bun.ts';
import { type Loaded, explainLoadError, transformCommonJs, transformLoaded } from './load.ts';

type SyncLoad = (url: string, context: object, next: (url: string, context: object) => Loaded) => Loaded;

const load: SyncLoad = (url, context, next) => {
  try {
    return transformLoaded(url, next(url, context));
  } catch (error) {
    throw explainLoadError(url, error);
  }
};

type Compile = (this: unknown, content: string, file: string, ...rest: unknown[]) => unknown;

/**
 * On a host without `registerHooks`, no hook is called for required files. This function therefore replaces `_compile`,
 * which is called for every required file.
 */
function hookCommonJs(): void {
  const prototype = Module.prototype as unknown as { _compile: Compile };
  const compile = prototype._compile;
  prototype._compile = function (content, file, ...rest) {
    return compile.call(this, transformCommonJs(content, file), file, ...rest);
  };
}

const bun = bunHost();
const registerHooks: unknown = Reflect.get(nodeModule, 'registerHooks');
if (bun !== undefined) {
  registerInBun(bun);
} else if (typeof registerHooks === 'function') {
  (registerHooks as (hooks: { load: SyncLoad }) => void)({ load });
} else {
  nodeModule.register(new URL(`../transform/hooks${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));
  hookCommonJs();
}
