import { isJsonObject } from '@typekro/kit/core';
import { dns1035Label } from '@typekro/kit/kubernetes';
import type { ParsedDefinition } from '../parsed-definition.ts';
import type { PathStep } from '../model.ts';
import type { Problems } from '../problems.ts';

/**
 * Makes the checks that the API server makes before kro reads a definition: the patterns and the limits in the CRD of
 * ResourceGraphDefinition. kro's compiler accepts definitions that fail these checks, so the problems are warnings.
 */
export function checkAdmission(definition: ParsedDefinition, problems: Problems): void {
  const warn = (path: readonly PathStep[], message: string, hint?: string): void =>
    problems.warn({ code: 'graph/refused-by-api-server', message, place: { path }, hint });
  checkSchemaBlock(definition, warn);
  for (const resource of definition.resources) {
    const metadata = resource.externalRef?.['metadata'];
    if (isJsonObject(metadata) && metadata['name'] === '') {
      warn([...resource.path, 'externalRef', 'metadata', 'name'], 'the API server does not accept an empty name');
    }
  }
}

type Warn = (path: readonly PathStep[], message: string, hint?: string) => void;

const API_VERSION = /^v[0-9]+(?:alpha[0-9]+|beta[0-9]+)?$/;

function versionHint(text: string): string {
  const [group = '', version = ''] = text.split('/');
  if (API_VERSION.test(version)) return `write apiVersion: ${version}, and next to it group: ${group}`;
  if (/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(text) && !/^v?[0-9.]+$/.test(text))
    return `a version is missing: write apiVersion: v1, and next to it group: ${text}`;
  return 'write v1, v1alpha1, v2beta3 or the like';
}

function checkSchemaBlock({ schema }: ParsedDefinition, warn: Warn): void {
  const path = ['spec', 'schema'];
  if (!API_VERSION.test(schema.apiVersion)) {
    const message = `the API server refuses the version "${schema.apiVersion}"`;
    warn([...path, 'apiVersion'], message, versionHint(schema.apiVersion));
  }
  if (schema.kind.length > 63) warn([...path, 'kind'], 'the API server accepts kinds of at most 63 characters');
  for (const list of ['shortNames', 'categories'] as const) {
    const names = schema[list];
    if (names.length > 32) warn([...path, list], `the API server accepts at most 32 ${list}`);
    for (const [index, name] of names.entries()) {
      if (dns1035Label(name).length === 0 && names.indexOf(name) === index) continue;
      warn(
        [...path, list, index],
        `the API server refuses "${name}" here`,
        'use unique names of at most 63 characters: a lowercase letter, then lowercase letters, digits and dashes',
      );
    }
  }
  for (const [index, column] of schema.additionalPrinterColumns.entries()) {
    for (const field of ['name', 'type', 'jsonPath']) {
      if (typeof column[field] === 'string') continue;
      warn([...path, 'additionalPrinterColumns', index], `a printer column needs ${field}`);
    }
  }
}
