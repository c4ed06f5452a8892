import { TypeKroError } from '../../core/index.ts';
import { DEFAULT_KUBERNETES_MINOR } from '../../schema/index.ts';
import type { CommandInput } from '../command.ts';
import { textOption } from '../command.ts';

/**
 * Refuses a version of Kubernetes in `--kubernetes` for which there is no data. The types, the defaults and the validation
 * of a server belong together, so a version is not served with the data of another one.
 *
 * @throws TypeKroError `cli/kubernetes-version`, which names the supported version.
 */
export function requireKubernetesVersion(input: CommandInput): void {
  const version = textOption(input, 'kubernetes');
  if (version === undefined || version.replace(/^v/, '') === DEFAULT_KUBERNETES_MINOR) return;
  throw new TypeKroError(
    `--kubernetes ${version}: this version of typekro has the data of Kubernetes ${DEFAULT_KUBERNETES_MINOR} only`,
    {
      code: 'cli/kubernetes-version',
      remedy: `write --kubernetes ${DEFAULT_KUBERNETES_MINOR}, or leave it out`,
    },
  );
}
