import { stringify } from 'yaml';
import { controllerCrds } from '@typekro/controller/controller';

/** The CRDs of the controller. Maps the name of a file in `charts/typekro/crds` to its content. */
export function chartCrds(): ReadonlyMap<string, string> {
  return new Map(
    controllerCrds().map((crd) => {
      const text = stringify(crd, { lineWidth: 0, aliasDuplicateObjects: false });
      return [`${crd.metadata.name ?? ''}.yaml`, `# Written by \`npm run docs\`.\n${text}`];
    }),
  );
}
