import { type GroupVersionKind, formatApiVersion, kubernetesDescriptionsText } from '@typekro/kit/core';
import type { PathStep } from '@typekro/engine/graph';
import { type Schema, BuiltinDescriptions, builtinSource, FieldDescription } from '@typekro/engine/schema';

let descriptions: BuiltinDescriptions | undefined;

const texts = (): BuiltinDescriptions =>
  (descriptions ??= JSON.parse(kubernetesDescriptionsText()) as BuiltinDescriptions);

/**
 * The description of a field of a kind. The schemas of built-in kinds have no descriptions, so the package contains a
 * table of their descriptions.
 */
export function descriptionOf(
  type: GroupVersionKind,
  fields: readonly PathStep[],
  schema: Schema | undefined,
): string | undefined {
  if (schema?.description !== undefined && schema.description.trim() !== '') return schema.description.trim();
  const names = fields.filter((step) => typeof step === 'string');
  const builtin = builtinSource();
  if (builtin.schemaOf(type) === undefined) return undefined;
  if (names.length === 0) return BuiltinDescriptions.ofKind(texts(), type.kind, type.group);
  const owner = builtin.ownerOf(type, names);
  return owner === undefined ? undefined : BuiltinDescriptions.ofField(texts(), owner, names.at(-1) ?? '');
}

/** Markdown for a field: its name with the type, its rules, and its description. */
export function fieldMarkdown(
  name: string,
  schema: Schema,
  isRequired: boolean,
  description: string | undefined,
  extra: readonly string[] = [],
): string {
  const facts = FieldDescription.of(schema, isRequired, description);
  const rules = [
    ...(facts.required ? ['required'] : []),
    ...(facts.default === undefined ? [] : [`default \`${FieldDescription.valueText(facts.default)}\``]),
    ...facts.validation.map((rule) => `\`${rule}\``),
  ];
  return [
    `**${name}** \`${facts.type}\`${rules.length === 0 ? '' : `  \n${rules.join(', ')}`}`,
    ...(facts.description === undefined ? [] : [facts.description]),
    ...extra,
  ].join('\n\n');
}

/** The kind with its apiVersion: `apps/v1 Deployment`. */
export const kindDescription = (type: GroupVersionKind): string => `${formatApiVersion(type)} ${type.kind}`;
