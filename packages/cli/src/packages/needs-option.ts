import {
  type PackageInfo,
  type PackageNode,
  type PackageParts,
  kindWithVersions,
  parseNeeds,
} from '@typekro/app/packages';
import type { KubeObject } from '@typekro/kit/core';
import { type CommandContext, type CommandInput, type OptionSpec, textOption } from '../command.ts';
import { readTree } from './read-tree.ts';

/** The option for the packages that a pushed package needs. */
export const NEEDS_OPTION: OptionSpec = {
  name: 'needs',
  summary: "another package with the versions that fit: 'oci://HOST/REPOSITORY@^1.2', with a range as npm writes it",
  value: 'package',
  repeatable: true,
};

/**
 * The needs of the option, with the kinds that they provide now, and their CustomResourceDefinitions. All packages that
 * would be installed are read, so that a package with needs that exclude each other is not pushed.
 *
 * @throws TypeKroError with the codes of `parseNeeds` and `readTree`
 */
export async function readNeeds(
  context: CommandContext,
  input: CommandInput,
  own: Omit<PackageNode, 'needs'>,
): Promise<Pick<PackageParts, 'needs'> & { readonly crds: readonly KubeObject[] }> {
  const needs = parseNeeds(textOption(input, 'needs')?.split(',') ?? []);
  const { contentOf } = await readTree(context, input, { ...own, needs });
  const found = needs.map((need) => ({ need, content: contentOf(need.reference)?.content }));
  return {
    needs: found.map(({ need, content }) => ({ ...need, provides: content?.info.provides ?? [] })),
    crds: found.flatMap(({ content }) => content?.crds ?? []),
  };
}

/** Prints a note about kinds that no need provides. They can be those of an operator. */
export function noteOtherKinds(context: CommandContext, { requires, needs }: PackageInfo): void {
  const provided = new Set(needs.flatMap(({ kinds }) => kinds));
  for (const each of requires.filter((required) => !provided.has(required))) {
    context.printError(
      `note: no package of --needs provides ${kindWithVersions(each)}; the cluster must have it before the package is installed`,
    );
  }
}
