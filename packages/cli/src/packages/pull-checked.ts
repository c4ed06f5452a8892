import { type PackageContent, type PackageIdentity, readPackage, refuseNewerEngine } from '@typekro/app/packages';
import { type OciReference, parseReference, pullPackage, type RegistryClient } from '@typekro/oci';
import type { CommandContext, CommandInput } from '../command.ts';
import { packageVersion } from '../package-version.ts';
import { withRegistry } from './open-registry.ts';
import { verifierOf } from './signature-options.ts';

/** A package of a registry whose bytes and content are verified. */
export interface CheckedPackage {
  readonly content: PackageContent;
  /** The place of the package, with its digest. */
  readonly reference: OciReference & { readonly digest: string };
  /** Did the user name the digest? */
  readonly isPinned: boolean;
  readonly annotations: Readonly<Record<string, string>>;
  /** The file of the public key that its signature was verified with. Absent without VERIFY_OPTIONS. */
  readonly signedBy?: string | undefined;
}

/** The identity of a package, which its objects get as marks. */
export const packageIdentity = ({ content: { info }, reference: { digest } }: CheckedPackage): PackageIdentity => ({
  name: info.name,
  version: info.version,
  digest,
});

/**
 * Reads a package from a registry into memory, and checks it, first its signature, if VERIFY_OPTIONS ask for that.
 *
 * @param look reads what is attached to the package, after these checks
 * @throws TypeKroError with the codes of `parseReference`, `verifierOf`, `pullPackage`, `readPackage` and
 *   `refuseNewerEngine`
 */
export async function pullChecked(
  context: CommandContext,
  input: CommandInput,
  target: string,
  look?: (client: RegistryClient, checked: CheckedPackage) => Promise<void>,
): Promise<CheckedPackage> {
  const reference = parseReference(target);
  const verify = await verifierOf(context, input);
  return withRegistry(context, input, reference, async (client) => {
    let signedBy: string | undefined;
    const { files, digest, annotations } = await pullPackage(client, reference, async (place) => {
      signedBy = await verify?.(client, place);
    });
    const content = readPackage(files);
    refuseNewerEngine(content.info, packageVersion());
    const checked = {
      content,
      reference: { ...reference, digest },
      isPinned: reference.digest !== undefined,
      annotations,
      signedBy,
    };
    await look?.(client, checked);
    return checked;
  });
}
