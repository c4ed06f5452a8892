import { TypeKroError } from '@typekro/kit/core';
import { isJavaScript } from './attach.ts';
import { type TransformOptions, isBuildInput, transformForBuild } from './build-module.ts';
import { inputMap } from '../javascript/index.ts';
import { canStripTypes, isTypeScript } from './strip-types.ts';

/** The members of webpack's loader context that this file uses. */
export interface LoaderContext {
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
  const options = context.getOptions();
  const earlier = map !== undefined && isTypeScript(file) ? inputMap(map, file) : undefined;
  const isInput = isBuildInput(file, options);
  const result = isInput ? transformForBuild(code, file, options, earlier, false) : undefined;
  if (result === undefined && isInput && isTypeScript(file) && !canStripTypes && !isJavaScript(code))
    throw new TypeKroError(`${file} still has its types, and Node ${process.versions.node} cannot remove them`, {
      code: 'transform/types-not-stripped',
      remedy: 'put typekroWebpackLoader before the loader of TypeScript in `use`, or build on Node 22.13 or later',
    });
  if (result === undefined) context.callback(null, code, map);
  // Webpack does not chain source maps, so the map leads to the author's text.
  else context.callback(null, result.code, result.map);
}
