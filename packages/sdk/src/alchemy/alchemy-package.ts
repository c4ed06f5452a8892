import { TypeKroError } from '@typekro/kit/core';
import type { Lifecycle, Secret, StoredOutput, StoredProps } from './kro-resource-props.ts';

/** The versions of alchemy that `npm run long -- alchemy` tests: the range in `peerDependencies`. */
const VERSIONS = '~0.94.0';

/** The members of the package `alchemy` that this folder uses. */
export interface AlchemyPackage {
  /**
   * Registers a kind of resource, and returns the function that declares a resource of this kind in the current scope.
   */
  Resource(
    kind: string,
    handler: (this: Lifecycle, id: string, props: StoredProps) => Promise<StoredOutput>,
  ): (id: string, props: StoredProps) => Promise<Partial<StoredOutput>>;
  readonly Scope: {
    /** Returns the current scope. A scope whose `fail` was called destroys no resources when it is finalized. */
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

/** Is the package `alchemy` itself missing? False for an error about one of its dependencies. */
function isMissing(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'ERR_MODULE_NOT_FOUND' &&
    /package ['"]?alchemy['"]?(\s|$)/i.test(error.message)
  );
}

/**
 * Loads the optional peer dependency.
 *
 * @throws TypeKroError `alchemy/not-installed` when the package is missing, `alchemy/not-loaded` when its import fails,
 * `alchemy/version` when it does not have the members of `AlchemyPackage`.
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
