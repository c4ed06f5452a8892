import type { KroSource } from '../factories/index.ts';
import type { RuntimeInstallation } from './install-runtime.ts';

/**
 * Loads `install-runtime.ts` and calls its `installRuntime`. The module is loaded only when it is used, because few
 * deploys install a runtime.
 */
export async function installRuntimeOnDemand(installation: RuntimeInstallation): Promise<KroSource> {
  return (await import('./install-runtime.ts')).installRuntime(installation);
}
