import { TypeKroError } from '@typekro/kit/core';
import { KUBERNETES_RELEASE, KUBERNETES_RELEASES, kubernetesReleaseOf } from '@typekro/kit/kubernetes';
import { type CommandInput, type OptionSpec, textOption } from './command.ts';

/** The supported versions as a list for messages: `1.34, 1.35 or 1.36`. */
const VERSIONS = KUBERNETES_RELEASES.toReversed()
  .join(', ')
  .replace(/, ([^,]*)$/, ' or $1');

/** The option `--kubernetes` of commands that create a cluster. */
export const KUBERNETES_OPTION: OptionSpec = {
  name: 'kubernetes',
  summary: `version of Kubernetes: ${VERSIONS}; by default ${KUBERNETES_RELEASE}`,
  value: 'version',
};

/**
 * Returns the value of `--kubernetes`, such as `1.35`, or `undefined` without the option.
 *
 * @throws TypeKroError `cli/kubernetes-version` for a version whose API data is not included. The error lists the
 *   included versions.
 */
export function kubernetesOption(input: CommandInput): string | undefined {
  const version = textOption(input, 'kubernetes');
  if (version === undefined) return undefined;
  const release = kubernetesReleaseOf(version);
  if (release !== undefined) return release;
  throw new TypeKroError(`--kubernetes ${version}: there is no data of this version of Kubernetes`, {
    code: 'cli/kubernetes-version',
    remedy: `write ${VERSIONS}`,
  });
}
