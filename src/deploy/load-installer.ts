import type { KroSource } from '../factories/index.ts';
import type { RuntimeInstallation } from './install-runtime.ts';

/** As the function of that name in `install-runtime.ts`, which is loaded here: few deploys install a runtime. */
export async function installRuntime(installation: RuntimeInstallation): Promise<KroSource> {
  return (await import('./install-runtime.ts')).installRuntime(installation);
}
