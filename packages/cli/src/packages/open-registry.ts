import { systemClock } from '@typekro/kube';
import { type OciReference, readDockerCredentials, RegistryClient } from '@typekro/oci';
import { type CommandContext, type CommandInput, type OptionSpec, textOption } from '../command.ts';
import { readText } from '../plan/check-files.ts';

/** The options for the connection to a registry. */
export const REGISTRY_OPTIONS: readonly OptionSpec[] = [
  { name: 'ca-file', summary: 'a file with the authority of the registry, in PEM format', value: 'file' },
  {
    name: 'token-server',
    summary: "a token server outside of the registry's domain that may get your password",
    value: 'host',
  },
  { name: 'plain-http', summary: 'speak HTTP without TLS, with a registry of this machine only' },
];

/**
 * Opens a registry with the options of a command, calls `use`, and closes it. The login is that of `docker login`.
 *
 * @throws TypeKroError with the codes of `RegistryClient` and `readDockerCredentials`
 */
export async function withRegistry<T>(
  context: CommandContext,
  input: CommandInput,
  reference: OciReference,
  use: (client: RegistryClient) => Promise<T>,
): Promise<T> {
  const { env, signal } = context;
  const file = textOption(input, 'ca-file');
  const authorities = file === undefined ? undefined : await readText(context, file);
  const client = new RegistryClient(reference, {
    ...(authorities === undefined ? {} : { authorities }),
    tokenHost: textOption(input, 'token-server'),
    plainHttp: input.options['plain-http'] === true,
    credentials: () => readDockerCredentials(reference.registry, env, signal),
    env,
    signal,
    clock: systemClock,
    random: Math.random,
  });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}
