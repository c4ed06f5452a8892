import {
  type LockedPackage,
  type PackageNode,
  type ResolvedPackage,
  isVersion,
  repositoryOf,
  resolvePackages,
  versionOfTag,
} from '@typekro/app/packages';
import { badPackage, formatReference, parseReference } from '@typekro/oci';
import { TypeKroError } from '@typekro/kit/core';
import type { CommandContext, CommandInput } from '../command.ts';
import { withRegistry } from './open-registry.ts';
import { type CheckedPackage, pullChecked } from './pull-checked.ts';

/** A package with all packages that it needs. */
export interface ReadTree {
  /** Each package after those that it needs. The last one is the root. */
  readonly ordered: readonly ResolvedPackage[];
  /** The content of a package that was read, by its repository. */
  readonly contentOf: (reference: string) => CheckedPackage | undefined;
}

/** What is kept in memory of all packages together. */
const MAX_TREE_BYTES = 256 * 1024 * 1024;

/**
 * Chooses and reads the packages that a package needs, each with the checks of `pullChecked`. With `--locked`, only those
 * in `typekro.lock`.
 *
 * @throws TypeKroError with the codes of `resolvePackages` and `pullChecked`, and `package/too-many`
 */
export async function readTree(
  context: CommandContext,
  input: CommandInput,
  root: PackageNode,
  installed: readonly PackageNode[] = [],
  locked: readonly LockedPackage[] = [],
): Promise<ReadTree> {
  const pins = new Map(locked.map((each) => [repositoryOf(each.reference), each]));
  /** The places of versions, by `oci://HOST/REPOSITORY@1.2.0`. */
  const places = new Map(
    [...pins].map(([at, { version, reference, digest }]) => [
      `${at}@${version}`,
      reference === at ? `${at}@${digest}` : reference,
    ]),
  );
  const contents = new Map<string, CheckedPackage>();
  let bytes = 0;
  const options = {
    installed,
    locked: new Map([...pins].map(([at, { version }]) => [at, version])),
    isLocked: input.options['locked'] === true,
  };
  const ordered = await resolvePackages(root, options, {
    async versions(reference) {
      const place = parseReference(reference);
      const tags = await withRegistry(context, input, place, (client) => client.tags());
      const found = tags.map((tag) => ({ tag, version: versionOfTag(tag) })).filter((each) => isVersion(each.version));
      for (const { tag, version } of found) {
        const key = `${reference}@${version}`;
        if (tag === version || !places.has(key)) places.set(key, formatReference({ ...place, tag }));
      }
      return found.map(({ version }) => version);
    },
    async read(reference, version) {
      const key = `${reference}@${version}`;
      const place = places.get(key) ?? `${reference}:${version}`;
      const checked = await pullChecked(context, input, place).catch((error: unknown) => {
        if (
          !(error instanceof TypeKroError) ||
          error.code !== 'oci/not-found' ||
          pins.get(reference)?.version !== version
        )
          throw error;
        const remedy = 'nothing was written; to choose another version, delete its entry in typekro.lock';
        throw new TypeKroError(`typekro.lock has chosen ${place}, and ${error.message}`, {
          code: error.code,
          remedy,
          cause: error,
        });
      });
      const { info, files } = checked.content;
      if (info.version !== version) throw badPackage(`${place} has the version ${info.version}`);
      bytes += files.reduce((sum, { content }) => sum + content.length, 0);
      if (bytes > MAX_TREE_BYTES) {
        throw new TypeKroError(`the packages that ${root.name} needs have more than ${MAX_TREE_BYTES} bytes`, {
          code: 'package/too-many',
          remedy: 'nothing was written; look at what it needs with typekro inspect',
        });
      }
      contents.set(key, checked);
      return nodeOf(checked);
    },
  });
  const keys = new Map(ordered.map(({ reference, version }) => [reference, `${reference}@${version}`]));
  return { ordered, contentOf: (reference) => contents.get(keys.get(reference) ?? '') };
}

/** A read package in the form in which packages are resolved. */
export const nodeOf = ({ content: { info }, reference }: CheckedPackage): PackageNode => ({
  reference: repositoryOf(formatReference(reference)),
  name: info.name,
  version: info.version,
  needs: info.needs,
});
