import { type PackageContent, readPackage, refuseNewerEngine } from '@typekro/app/packages';
import { type OciReference, parseReference, pullPackage } from '@typekro/oci';
import type { CommandContext, CommandInput } from '../command.ts';
import { packageVersion } from '../package-version.ts';
import { withRegistry } from './open-registry.ts';

/** A package of a registry whose bytes and content are verified. */
export interface CheckedPackage {
  readonly content: PackageContent;
  /** The place of the package, with its digest. */
  readonly reference: OciReference & { readonly digest: string };
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Reads a package from a registry into memory, and checks it.
 *
 * @throws TypeKroError with the codes of `parseReference`, `pullPackage`, `readPackage` and `refuseNewerEngine`
 */
export async function pullChecked(
  context: CommandContext,
  input: CommandInput,
  target: string,
): Promise<CheckedPackage> {
  const reference = parseReference(target);
  const { files, digest, annotations } = await withRegistry(context, input, reference, (client) =>
    pullPackage(client, reference),
  );
  const content = readPackage(files);
  refuseNewerEngine(content.info, packageVersion());
  return { content, reference: { ...reference, digest }, annotations };
}
