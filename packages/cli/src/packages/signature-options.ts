import {
  type OciReference,
  readPublicKey,
  readSigningKey,
  type RegistryClient,
  type SigningKey,
  verifyPackage,
} from '@typekro/oci';
import { type CommandContext, type CommandInput, type OptionSpec, textOption } from '../command.ts';
import { readText } from '../plan/check-files.ts';

/** The options of the commands that read packages, for what must be signed. */
export const VERIFY_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'verify-key',
    summary:
      'a file with a public key, such as cosign.pub: a package is refused unless it is signed with this key, or with one of several',
    value: 'file',
    repeatable: true,
  },
];

/** Their names. What is not in a registry has no signature, and a command must not seem to verify one. */
export const VERIFIED: readonly string[] = VERIFY_OPTIONS.map(({ name }) => name);

/** The option of the commands that write packages. */
export const SIGN_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'sign-key',
    summary:
      'a file with a private key (ECDSA P-256, PEM), such as cosign.key, to sign the package; the password is in COSIGN_PASSWORD',
    value: 'file',
  },
  {
    name: 'sign-definitions',
    summary: 'sign each definition with this key, too, for controllers that serve only signed ones (--publisher-keys)',
  },
];

/** Verifies a package whose digest is known. Returns the file of the key that has signed it. */
export type Verifier = (client: RegistryClient, place: OciReference & { readonly digest: string }) => Promise<string>;

/**
 * The check that the options of a command ask for; `undefined` without them. Reads the keys now, before any request.
 *
 * @throws TypeKroError with the codes of `readPublicKey`, and later those of `verifyPackage`
 */
export async function verifierOf(context: CommandContext, input: CommandInput): Promise<Verifier | undefined> {
  const files = textOption(input, 'verify-key')?.split(',') ?? [];
  if (files.length === 0) return undefined;
  const keys = await Promise.all(files.map(async (file) => readPublicKey(file, await readText(context, file))));
  return async (client, place) => (await verifyPackage(client, place, keys)).name;
}

/** The key with which a command signs. Throws `TypeKroError` with the codes of `readSigningKey`. */
export async function signingKeyOf(context: CommandContext, input: CommandInput): Promise<SigningKey | undefined> {
  const file = textOption(input, 'sign-key');
  if (file === undefined) return undefined;
  return readSigningKey(file, await readText(context, file), context.env['COSIGN_PASSWORD']);
}

/** The lines about a verified package; none, if nobody has asked. */
export const verifiedLines = (verifiedBy: string | undefined): string[] =>
  verifiedBy === undefined ? [] : [`signed with the key of ${verifiedBy}`];
