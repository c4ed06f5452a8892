import { isBuildInput, transformForBuild } from './build-module.ts';
import type { TransformOptions } from './build-module.ts';
import { inputMap } from './input-map.ts';
import { isTypeScript } from './strip-types.ts';

/** As much of webpack's loader context as is used. */
interface LoaderContext {
  readonly resourcePath: string;
  getOptions(): TransformOptions;
  callback(error: null, code: string, map?: object): void;
}

/** The webpack loader; see `typekroWebpackLoader`. */
export default function load(this: LoaderContext, code: string, map?: object): void {
  // oxlint-disable-next-line oxc/no-this-in-exported-function -- webpack passes the context as `this`
  transformModule(this, code, map);
}

function transformModule(context: LoaderContext, code: string, map: object | undefined): void {
  const file = context.resourcePath;
  const earlier = map !== undefined && isTypeScript(file) ? inputMap(map, file) : undefined;
  const result = isBuildInput(file) ? transformForBuild(code, file, context.getOptions(), earlier, false) : undefined;
  if (result === undefined) context.callback(null, code, map);
  // Webpack joins nothing: the map has to lead to the author's text.
  else context.callback(null, result.code, result.map);
}
