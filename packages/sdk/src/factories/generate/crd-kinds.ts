import { type Diagnostic, type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { StructuralSchema } from '@typekro/engine/schema';
import { asText, asTexts, dns1035Label, isDnsSubdomain, compareVersions } from '@typekro/kit/kubernetes';
import { type KindPlan, ownMember } from './kind-plan.ts';
import { plainFacts } from './plain-facts.ts';
import { readinessRule } from './readiness-rule.ts';

/** Matches a valid kind. The kind must also be valid as the name of a TypeScript type. */
const KIND = /^[A-Za-z][A-Za-z0-9]{0,62}$/;
const isGroup = (text: string): boolean => text.includes('.') && isDnsSubdomain(text);

/** Makes a plan for each served version of the kinds of CRDs, and diagnostics for CRDs that are refused or ignored. */
export function kindsOfCrds(documents: readonly JsonValue[]): {
  readonly kinds: readonly KindPlan[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const found = new Map<string, KindPlan>();
  const diagnostics: Diagnostic[] = [];
  for (const crd of documents.flatMap(definitionsIn)) {
    const name = asText(ownMember(ownMember(crd, 'metadata'), 'name')) || 'a CustomResourceDefinition without a name';
    for (const plan of kindsOf(crd, name, diagnostics)) {
      const key = `${plan.group}/${plan.version}/${plan.kind}`;
      if (found.has(key)) {
        diagnostics.push({
          code: 'generate/twice',
          severity: 'warning',
          message: `${plan.kind} of ${plan.group}/${plan.version} is defined twice; the first CustomResourceDefinition is used`,
          hint: 'pass each CustomResourceDefinition once',
        });
      } else found.set(key, plan);
    }
  }
  return { kinds: [...found.values()], diagnostics };
}

/** The CRDs in a document: the document itself, or the items of a list. */
function definitionsIn(document: JsonValue): JsonObject[] {
  if (!isJsonObject(document)) return [];
  const { kind, items } = document;
  if (Array.isArray(items) && (kind === 'List' || kind === 'CustomResourceDefinitionList')) {
    return items.filter(isJsonObject).filter((item) => kind !== 'List' || item['kind'] === 'CustomResourceDefinition');
  }
  return kind === 'CustomResourceDefinition' ? [document] : [];
}

function* kindsOf(crd: JsonObject, name: string, diagnostics: Diagnostic[]): Iterable<KindPlan> {
  const refuse = (message: string, hint: string) =>
    diagnostics.push({ code: 'generate/not-a-definition', severity: 'error', message: `${name}: ${message}`, hint });
  const apiVersion = asText(crd['apiVersion']);
  if (apiVersion !== '' && apiVersion !== 'apiextensions.k8s.io/v1') {
    refuse(
      `its apiVersion ${apiVersion} is not supported`,
      'use the form of apiextensions.k8s.io/v1, which every API server since 1.22 has',
    );
    return;
  }
  const spec = crd['spec'];
  const names = ownMember(spec, 'names');
  const [group, kind, plural] = [
    asText(ownMember(spec, 'group')),
    asText(ownMember(names, 'kind')),
    asText(ownMember(names, 'plural')),
  ];
  if (!isGroup(group) || !KIND.test(kind) || dns1035Label(plural).length > 0) {
    refuse(
      'group, kind or plural name is missing or not a valid name',
      'use a group with a dot, a kind of letters and digits, and a plural of lowercase letters, digits and dashes',
    );
    return;
  }
  const versions = ownMember(spec, 'versions');
  if (!Array.isArray(versions)) {
    refuse('it has no versions', 'CustomResourceDefinitions of apiextensions.k8s.io/v1 have spec.versions');
    return;
  }
  const served = versions.filter((version) => ownMember(version, 'served') === true);
  if (served.length === 0) {
    diagnostics.push({
      code: 'generate/not-served',
      severity: 'warning',
      message: `${name}: no version of it is served, so there is no factory for it`,
      hint: 'set served: true for a version',
    });
  }
  const order = served.map((version) => asText(ownMember(version, 'name'))).sort(compareVersions);
  for (const version of served) {
    const versionName = asText(ownMember(version, 'name'));
    if (dns1035Label(versionName).length > 0) {
      refuse(`version ${JSON.stringify(versionName)} is not a valid name`, 'use a name such as v1 or v1beta1');
      continue;
    }
    const raw = ownMember(ownMember(version, 'schema'), 'openAPIV3Schema');
    const schema = StructuralSchema.of(isJsonObject(raw) ? raw : { type: 'object' });
    yield {
      group,
      version: versionName,
      kind,
      plural,
      namespaced: ownMember(spec, 'scope') === 'Namespaced',
      shortNames: asTexts(ownMember(names, 'shortNames')),
      preferred: versionName === order[0],
      deprecated: ownMember(version, 'deprecated') === true,
      description: asText(ownMember(raw, 'description')),
      schema,
      facts: plainFacts(isJsonObject(raw) ? raw : { type: 'object' }),
      readiness: readinessRule({ group, kind }, schema, ownMember(version, 'additionalPrinterColumns')),
    };
  }
}
