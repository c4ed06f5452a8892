import type { FuzzTarget } from './fuzz-target.ts';

type Load = () => Promise<{ readonly target: FuzzTarget }>;

/**
 * Maps the name of a target to a function that loads it. A target is loaded on demand, so that the coverage contains
 * only its modules.
 */
export const FUZZ_TARGETS: Readonly<Record<string, Load>> = {
  cel: () => import('./targets/cel.ts'),
  compose: () => import('./targets/compose.ts'),
  definitions: () => import('./targets/definitions.ts'),
  frames: () => import('./targets/frames.ts'),
  'http-client': () => import('./targets/http-client.ts'),
  'http-server': () => import('./targets/http-server.ts'),
  packages: () => import('./targets/packages.ts'),
  patches: () => import('./targets/patches.ts'),
  protobuf: () => import('./targets/protobuf.ts'),
  requests: () => import('./targets/requests.ts'),
  watch: () => import('./targets/watch.ts'),
  yaml: () => import('./targets/yaml.ts'),
};
