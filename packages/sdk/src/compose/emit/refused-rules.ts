import { definitionErrors } from '@typekro/cluster/rule-evaluator';
import type { Diagnostic, KubeObject } from '@typekro/kit/core';
import { valueAtSteps, RefusedPlace } from '@typekro/engine/schema';
import { withSource } from '../refusal/diagnostics.ts';
import type { Site } from '../refusal/refusal.ts';

const ROOT = 'spec.validation.openAPIV3Schema';

/**
 * The rules of a spec for which an API server refuses the CustomResourceDefinition: rules with functions that it does
 * not have, rules whose estimated cost exceeds its limits, and rules that a default violates. Each field is reported
 * once.
 *
 * @param siteOf finds the function of the author from which a rule was made
 */
export function refusedRules(crd: KubeObject, siteOf: (rule: string) => Site | undefined): Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  for (const { field, message } of definitionErrors(crd)) {
    if (!field.startsWith(ROOT)) continue;
    const isTotal = field === ROOT;
    const path = isTotal ? 'spec' : placeOf(field);
    if (/\.default\b/.test(field) && !found.has(path)) found.set(path, ofDefault(path, message));
    if (!isTotal && !/-validations\[\d+\]\.rule$/.test(field)) continue;
    if (found.has(path) || (isTotal && found.size > 0)) continue;
    const rule = ruleAt(crd, field);
    const diagnostic: Diagnostic = { code: 'schema/rule', severity: 'error', path, ...wordsOf(path, message, rule) };
    found.set(path, withSource(diagnostic, siteOf(rule)));
  }
  return [...found.values()];
}

const ofDefault = (path: string, message: string): Diagnostic => ({
  code: 'schema/default',
  severity: 'error',
  path,
  message: `${path}: the API server refuses the default of this field: ${message}`,
  hint: 'write a default that each check of the field, and of the objects around it, accepts',
});

/** The place of a field in the options of a composition, such as `spec.names[]`, by its place in the CRD. */
function placeOf(field: string): string {
  const steps = field.slice(ROOT.length).matchAll(/\.properties\[([^\]]*)\]|\.(items|additionalProperties)/g);
  return [...steps].reduce((place, [, name, inner]) => {
    if (name === undefined) return place + (inner === 'items' ? '[]' : '.*');
    return place === '' ? name : `${place}.${name}`;
  }, '');
}

function ruleAt(crd: KubeObject, field: string): string {
  const rule = valueAtSteps(
    crd,
    RefusedPlace.stepsIn(crd, field.replace(/^spec\.validation\./, 'spec.versions[0].schema.')),
  );
  return typeof rule === 'string' ? rule : '';
}

function wordsOf(path: string, message: string, rule: string): Pick<Diagnostic, 'message' | 'hint'> {
  const factor = /exceeds budget by factor of ([^(]*?) \(/.exec(message)?.[1];
  if (factor !== undefined || message.includes('contributed to estimated rule cost')) {
    const times = factor === undefined ? '' : ` by a factor of ${factor.replace('more than ', 'over ')}`;
    return {
      message: `${path}: the API server refuses the rule of this field, whose cost may exceed its limit${times}`,
      hint: 'limit the length of the string, and the size of each list and map around it (max() of zod, maxLength() of valibot, string<=64 of arktype)',
    };
  }
  const missing = new Set([...message.matchAll(/undeclared reference to '([^']*)'/g)].map(([, name]) => name));
  const called = [...rule.matchAll(/([A-Za-z_][\w.]*)\(/g)].map(([, name = '']) => name);
  const names = [...new Set(called)].filter((name) => missing.has(name.slice(name.lastIndexOf('.') + 1)));
  const refused = `${path}: the API server refuses the rule of this field`;
  if (names.length === 0)
    return { message: `${refused}: ${message}`, hint: 'write the check with plain comparisons of the value' };
  return {
    message: `${refused}: it calls ${names.join(', ')}, which rules of Kubernetes do not have`,
    hint: 'write the check without conversions of numbers and objects to text (String(), templates, toFixed(), JSON.stringify())',
  };
}
