import { TypeKroError } from '../core/index.ts';
import type { Lifecycle, Secret, StoredOutput, StoredProps } from './model.ts';

/** The versions that `npm run long -- alchemy` tries; the same as in `peerDependencies`. */
const VERSIONS = '~0.94.0';

/** What we use of the package `alchemy`. */
export interface AlchemyPackage {
  /** Registers a kind of resource; gives the function that declares one in the scope of the moment. */
  Resource(
    kind: string,
    handler: (this: Lifecycle, id: string, props: StoredProps) => Promise<StoredOutput>,
  ): (id: string, props: StoredProps) => Promise<Partial<StoredOutput>>;
  readonly Scope: {
    /** The scope of the moment. A scope that failed destroys nothing when it is finalized. */
    getScope(): { fail(): void; readonly root?: object } | undefined;
  };
  isSecret(value: unknown): value is Secret;
}

function isAlchemy(module: object): module is AlchemyPackage {
  return (
    'Resource' in module &&
    typeof module.Resource === 'function' &&
    'isSecret' in module &&
    typeof module.isSecret === 'function' &&
    'Scope' in module &&
    typeof module.Scope === 'function' &&
    'getScope' in module.Scope &&
    typeof module.Scope.getScope === 'function'
  );
}

/** Is the package itself missing, and not something that it needs? */
function isMissing(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'ERR_MODULE_NOT_FOUND' &&
    /package ['"]?alchemy['"]?(\s|$)/i.test(error.message)
  );
}

/**
 * Loads the optional peer.
 *
 * @throws TypeKroError `alchemy/not-installed`, `alchemy/not-loaded` when it is there and breaks, `alchemy/version`
 * when it is one that we do not know.
 */
export async function loadAlchemy(load: () => Promise<object>): Promise<AlchemyPackage> {
  const remedy = `npm install alchemy@${VERSIONS}`;
  let module: object;
  try {
    module = await load();
  } catch (error) {
    if (!isMissing(error)) {
      const why = error instanceof Error ? error.message : String(error);
      throw new TypeKroError(`typekro/alchemy could not load the package alchemy: ${why}`, {
        code: 'alchemy/not-loaded',
        cause: error,
        remedy,
      });
    }
    throw new TypeKroError(
      `typekro/alchemy needs the package alchemy, which is not installed; run "npm install alchemy@${VERSIONS}"`,
      { code: 'alchemy/not-installed', remedy },
    );
  }
  if (isAlchemy(module)) return module;
  throw new TypeKroError(
    `typekro/alchemy does not know this version of alchemy; run "npm install alchemy@${VERSIONS}"`,
    { code: 'alchemy/version', remedy },
  );
}
