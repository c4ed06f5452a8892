import { KroLevel } from '@typekro/engine/graph';
import { conversionService } from './conversions/conversion-address.ts';
import { readFeatureGates } from './feature-gates.ts';
import type { ParsedFlags } from './flags.ts';
import type { ControllerOptions } from './controller-options.ts';
import { definedMembers, MAX_TIMER_MS } from '@typekro/kit/core';

/** The options that a command line sets. Other options keep their defaults. */
export function optionsFromFlags({ values }: ParsedFlags): Omit<ControllerOptions, 'client'> {
  const number = (name: string) => {
    const value = values.get(name);
    return typeof value === 'number' ? value : undefined;
  };
  const text = (name: string) => {
    const value = values.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const grace = number('graceful-shutdown-timeout');
  const gates = text('feature-gates');
  const account = text('instance-service-account');
  const namespaces = text('template-namespaces');
  const namespace = text('controller-namespace');
  const name = text('controller-service-account');
  const level = KroLevel.LEVELS.find((each) => each === text('kro-compatibility'));
  const budget = number('cel-cost-limit');
  const service = text('conversion-service');
  const url = text('conversion-url');
  const keys = text('publisher-keys')?.split(',') ?? [];
  return {
    ...(values.get('allow-crd-deletion') === true ? { allowCrdDeletion: true } : {}),
    ...definedMembers({ maxGraphRevisions: number('rgd-max-graph-revisions') }),
    ...definedMembers({ maxCollectionSize: number('rgd-max-collection-size') }),
    ...definedMembers({ maxCollectionDimensions: number('rgd-max-collection-dimension-size') }),
    ...definedMembers({ definitionConcurrency: number('resource-graph-definition-concurrent-reconciles') }),
    ...definedMembers({ instanceConcurrency: number('dynamic-controller-concurrent-reconciles') }),
    ...definedMembers({ graphConcurrency: number('graph-concurrent-reconciles') }),
    ...(namespace === undefined || name === undefined ? {} : { serviceAccount: { namespace, name } }),
    ...definedMembers({ kroCompatibility: level }),
    ...(budget === undefined || budget <= 0 ? {} : { budget }),
    ...definedMembers({ version: text('version-label') }),
    ...definedMembers({ shutdownGraceMs: grace === undefined || grace >= 0 ? grace : MAX_TIMER_MS }),
    ...(account === undefined || account === '' ? {} : { instanceServiceAccount: account }),
    ...(namespaces === 'instance' || namespaces === 'any' ? { namespaces } : {}),
    ...definedMembers({ migrationRate: number('migration-qps') }),
    ...(keys.join('') === '' ? {} : { publisherKeys: keys }),
    ...(service === undefined || service === ''
      ? {}
      : { conversions: { ...conversionService(service), ...(url === undefined || url === '' ? {} : { url }) } }),
    ...(gates === undefined ? {} : { features: readFeatureGates(gates).features }),
  };
}
