import { controllerManifests } from '@typekro/controller/controller';
import { type KubeObject, TypeKroError } from '@typekro/kit/core';
import { type CommandInput, type OptionSpec, textOption, usageError } from '../command.ts';

/** The options of an installation of the controller. */
export const INSTALLATION_OPTIONS: readonly OptionSpec[] = [
  { name: 'image', summary: 'image of the controller, built with the Dockerfile of the repository', value: 'image' },
  { name: 'namespace', summary: 'namespace of the controller', value: 'name', defaultValue: 'kro-system' },
  {
    name: 'name',
    summary: 'name of the Deployment and of the objects that belong to it',
    value: 'name',
    defaultValue: 'typekro',
  },
  {
    name: 'rbac',
    summary:
      'rights of the controller. aggregation: its own objects, and the rules that `typekro rbac` adds; unrestricted: all rights',
    value: 'mode',
    defaultValue: 'aggregation',
  },
];

/**
 * Makes the manifests of the installation that the options describe. Throws the error `cli/usage` for a missing image
 * and for an unknown `--rbac` mode.
 */
export function manifestsFromInput(input: CommandInput): KubeObject[] {
  const image = textOption(input, 'image');
  const rbac = textOption(input, 'rbac');
  if (image === undefined) {
    throw usageError(
      'the controller needs an image',
      'build one with the Dockerfile of the repository, and name it with --image',
    );
  }
  if (rbac !== 'aggregation' && rbac !== 'unrestricted') {
    throw new TypeKroError(`--rbac takes aggregation or unrestricted, not "${rbac ?? ''}"`, { code: 'cli/usage' });
  }
  const { name, namespace } = installationOf(input);
  return controllerManifests({ image, rbac, name, namespace });
}

/** Name and namespace of the controller's Deployment. */
export function installationOf(input: CommandInput): { readonly name: string; readonly namespace: string } {
  return { name: textOption(input, 'name') ?? 'typekro', namespace: textOption(input, 'namespace') ?? 'kro-system' };
}
