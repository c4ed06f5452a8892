import { parseJson, standInsText, TypeKroError } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import type { StandInFunction } from './data-stand-in.ts';
import { type StandIn, type StandInFile, type StandInName, isStandInFile, requireStandIn } from '../../stand-in.ts';

/** The stand-ins of the package. A stand-in is loaded only for a cluster that uses it. */
const LOADERS: Readonly<Record<StandInName, () => Promise<StandIn>>> = {
  ack: () => shipped('ack'),
  argocd: () => shipped('argocd'),
  'cert-manager': async () =>
    shipped('cert-manager', (await import('./cert-manager/cert-manager-functions.ts')).CERT_MANAGER_FUNCTIONS),
  cnpg: async () => shipped('cnpg', (await import('./cnpg-functions.ts')).CNPG_FUNCTIONS),
  'external-secrets': async () =>
    shipped('external-secrets', (await import('./external-secret-values.ts')).EXTERNAL_SECRETS_FUNCTIONS),
  flux: () => shipped('flux'),
  'gateway-api': () => shipped('gateway-api'),
  'prometheus-operator': () => shipped('prometheus-operator'),
};

/** Loads a stand-in that is data, with the functions that its expressions need. */
async function shipped(name: StandInName, functions?: Record<string, StandInFunction>): Promise<StandIn> {
  const { dataStandIn } = await import('./data-stand-in.ts');
  const texts = parseJson(standInsText()) as Readonly<Record<string, string>>;
  return dataStandIn(name, texts[name] ?? '', functions);
}

async function load(text: string): Promise<StandIn> {
  const named = requireStandIn(text);
  if (!isStandInFile(named)) return LOADERS[named]();
  return (await import('./stand-in-file.ts')).standInFromFile(named);
}

/**
 * Loads the stand-ins with these names or files. Returns elements that are already stand-ins unchanged.
 *
 * @throws TypeKroError `cluster/unknown-stand-in` for an unknown name, with the known names; `cluster/invalid-stand-in` for a file with a mistake;
 *   `cluster/duplicate-stand-in` when two stand-ins have the same name, or have controllers with the same name.
 */
export async function loadStandIns(
  wanted: readonly (StandInName | StandInFile | StandIn)[],
): Promise<readonly StandIn[]> {
  const standIns = await Promise.all(wanted.map(async (each) => (typeof each === 'string' ? load(each) : each)));
  const owners = new Map<string, string>();
  for (const { name, kinds } of standIns) {
    for (const controller of new Set([name, ...kinds.map((kind) => kind.controller ?? name)])) {
      const other = owners.get(controller);
      if (other !== undefined) {
        throw new TypeKroError(
          other === name
            ? `the stand-in ${goQuote(name)} is requested twice`
            : `the stand-ins ${goQuote(other)} and ${goQuote(name)} both have a controller ${goQuote(controller)}`,
          { code: 'cluster/duplicate-stand-in', remedy: 'leave one of them out' },
        );
      }
      owners.set(controller, name);
    }
  }
  return standIns;
}
