import { type Loaded, explainLoadError, transformLoaded } from './load.ts';

type NextLoad = (url: string, context: object) => Promise<Loaded>;

/** The asynchronous loader hook, for hosts without `registerHooks`. */
export async function load(url: string, context: object, next: NextLoad): Promise<Loaded> {
  try {
    return transformLoaded(url, await next(url, context));
  } catch (error) {
    throw explainLoadError(url, error);
  }
}
