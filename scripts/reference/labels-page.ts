import { readFileSync } from 'node:fs';
import { markdownTable } from '../markdown-table.ts';
import { sourceFiles } from '../workspace.mjs';

/**
 * The names of the domains `kro.run` and `typekro.dev` in the sources, one in a line: the name with its domain, its form,
 * the objects that have it, who writes it, and its meaning. A test fails for a name that is neither here nor in
 * `NOT_KEYS`.
 */
const KEYS = `
kro.run/allow-breaking-changes | annotation | definition | user | \`true\`: the CRD may change in ways that break instances
typekro.dev/service-account | annotation | definition | user | \`namespace/name\`: the ServiceAccount with whose rights the controller writes the objects
typekro.dev/adoption | annotation | definition | user | \`adopt\` (default), \`refuse\` or \`take-over\` for objects that exist, for all nodes or one: \`refuse, database=take-over\`
typekro.dev/namespaces | annotation | definition | user | \`instance\`: templates may write only in the namespace of their instance; \`any\`: in every namespace
typekro.dev/canary | annotation | definition | user | a number or a percentage, \`2\` or \`10%\`: the instances that get a new revision first
typekro.dev/cel-budget | annotation | definition | user | the cost that one expression may spend, at most 10,000,000
typekro.dev/deletion-policy | annotation | definition, instance | user | \`wait\` on a definition: it stays until its instances are gone; \`orphan\` on an instance: its objects stay
kro.run/reconcile | annotation | instance | user | \`suspended\`: the controller writes nothing for the instance; \`typekro suspend\` sets it
typekro.dev/revision | annotation | instance | user | the number of the revision to stay with; \`typekro pin\` sets it
typekro.dev/reconcile-requested | annotation | instance | command | asks for a pass now; \`typekro reconcile\` sets it
typekro.dev/explain | annotation | definition, instance | user | \`true\`: the status has a condition for every node; \`false\` is the default
typekro.dev/simulated | annotation | node, object of the cluster | cluster | the embedded cluster simulates the object; also a label, and the provisioner of the storage class
typekro.dev/process | annotation | pod | cluster | the process of the cluster whose log the pod shows
typekro.dev/stand-in | annotation | object of a stand-in | cluster | the stand-in that plays the operator
typekro.dev/simulate | annotation | object | user | the prefix of the annotations of simulations: [testing](../testing.md#the-lives-of-pods)
typekro.dev/simulate-hold | annotation | object | user | the simulated controllers that do not work on the object: \`true\` for all, or their names
typekro.dev/simulate-delay-seconds | annotation | object | user | the delay of the simulated controllers after an event of the object
typekro.dev/simulate-failure | annotation | object | user | the reason of the simulated failure of the object or of its containers
typekro.dev/simulate-ready-after-seconds | annotation | object | user | the time until the object is ready
typekro.dev/run | annotation | pod | user | \`process\`: its containers are processes of the machine, if the cluster allows it
typekro.dev/max-processes | annotation | pod | user | the maximum number of processes of each container
typekro.dev/RunsAsProcess | condition | pod | cluster | why the pod cannot run as processes
typekro.dev/depends-on | annotation | template of a composition | SDK | makes the node wait for another node: the text reads the name of an object of the other node. The id of the other node follows the prefix
typekro.dev/hoisted-namespaces | annotation | instance | SDK | the namespaces that were applied before the instance, as JSON
typekro.dev/rollout | annotation | revision | controller | the number of instances that get the revision first, or \`done\`
typekro.dev/propagated | annotation | revision | controller | \`done\`: \`propagateWhen\` holds the revision back from no instance
internal.kro.run/apply-order | annotation | object of a node | controller | the position in the order of creation, which determines the order of the deletion
internal.kro.run/node-path | annotation | object of a node | controller | the node that made the object
internal.kro.run/instance-name | annotation | object of a node | controller | the name of the instance, if it is too long for a label
internal.kro.run/instance-group | annotation | object of a node | controller | the group of the instance, if it is too long for a label
internal.kro.run/deletion-policy | annotation | object of a node | controller | \`Orphaned\`: the object stays when no node wants it any more
internal.kro.run/patch-contributions | annotation | instance | controller | the fields that the graph patches
internal.kro.run/applyset-inventory-hash | annotation | instance | controller | the hash of the inventory
kro.run/conversions | annotation | CRD of a definition | controller | the expressions that convert between the versions of the kind, as JSON
kro.run/kept-fields | annotation | instance | controller | the fields that the version in which the instance is read or stored cannot hold, as JSON
kro.run/owned | label | definition, instance, object of a node | controller | \`true\`: a controller owns the object
kro.run/kro-version | label | definition, instance, object of a node | controller | the version of the controller
kro.run/resource-graph-definition-name | label | instance, object of a node | controller | the definition
kro.run/resource-graph-definition-id | label | instance, object of a node | controller | the UID of the definition
kro.run/instance-id | label | object of a node | controller | the UID of the instance
kro.run/instance-name | label | object of a node | controller | the name of the instance
kro.run/instance-namespace | label | object of a node | controller | the namespace of the instance
kro.run/instance-group | label | object of a node | controller | the API group of the instance
kro.run/instance-version | label | object of a node | controller | the API version of the instance
kro.run/instance-kind | label | object of a node | controller | the kind of the instance
kro.run/node-id | label | object of a node | controller | the id of the node
kro.run/collection-index | label | object of a collection | controller | the place in the list
kro.run/collection-size | label | object of a collection | controller | the length of the list
kro.run/graph-revision-hash | label | revision | controller | the hash of the spec
rbac.kro.run/aggregate-to-controller | label | ClusterRole | user | \`true\`: the controller gets these rights
typekro.dev/definition | label | record of direct mode | SDK | the name of the definition
typekro.dev/factory | label | instance | SDK | the factory that made the instance
typekro.dev/mode | label | instance | SDK | the mode of the factory: \`kro\`
typekro.dev/rgd | label | instance | SDK | the name of the definition
typekro.dev/installation | label | object of an installation | command | the name of the installation of \`typekro bootstrap\`
package.typekro.dev/name | annotation | object of a package | command | the name of the package; \`typekro install\` sets it
package.typekro.dev/version | annotation | object of a package | command | the version of the package
package.typekro.dev/digest | annotation | object of a package | command | the digest of the package in its registry
package.typekro.dev/reference | annotation | object of a package | command | the place of the package in its registry, without the digest
package.typekro.dev/needs | annotation | object of a package | command | the packages that it needs: \`oci://HOST/REPOSITORY@RANGE\`, separated by a comma and a space
package.typekro.dev/reason | annotation | object of a package | command | \`dependency\`, if the package was installed only because another one needs it
package.typekro.dev/signature | annotation | definition of a package | command | the signature of its name and spec (\`typekro push --sign-definitions\`), for \`--publisher-keys\`
package.typekro.dev/part-of | label | object of a package | command | selects the objects of packages: the name with dots in place of slashes, at most 63 characters
typekro.dev/controller-flags | annotation | CRD of definitions | controller | its command line, which commands read if it has no Deployment
typekro.dev/lease | label | Lease | controller | its purpose: \`replica\` or \`shard\`
kro.run/finalizer | finalizer | definition, instance | controller | the objects are deleted first
kro.run/graph-finalizer | finalizer | Graph | controller | the objects are deleted first
kro.run/applyset | field manager | object of a node | controller | the fields that templates set
kro.run/applyset-parent | field manager | instance | controller | the inventory
kro.run/labeller | field manager | instance | controller | finalizer and labels
now.typekro.dev/sampled | condition | instance | controller | the time that \`now()\` gave
`
  .trim()
  .split('\n')
  .map((line) => {
    const [name = '', form = '', on = '', by = '', meaning = ''] = line.split(' | ');
    return { name, form, on, by, meaning };
  });

/** Names in the sources that are neither on objects nor of interest to users, each with the reason. */
const NOT_KEYS: Readonly<Record<string, string>> = {
  'kro.run/v': 'an API version',
  'internal.kro.run/v': 'an API version',
  'typekro.dev/made-at': 'a symbol of JavaScript',
  'kro.run/ResourceGroup': 'a former kind',
};

const NAME = /['"`]((?:[a-z0-9-]+\.)*(?:typekro\.dev|kro\.run)\/[a-zA-Z][a-zA-Z-]*)/g;

/**
 * The names in the sources. A name that ends with a hyphen is a prefix; the result has the prefix without its hyphen.
 */
function namesInSources(): Set<string> {
  const root = new URL('../../', import.meta.url);
  const files = sourceFiles().filter((name) => name.endsWith('.ts'));
  const found = files.flatMap((name) => [...readFileSync(new URL(name, root), 'utf8').matchAll(NAME)]);
  return new Set(found.map(([, name = '']) => name.replace(/-$/, '')));
}

/**
 * `docs/reference/labels.md`. Throws for a name in the sources that has no row, and for a row whose name is not in the
 * sources.
 */
export function labelsPage(): string {
  const names = namesInSources();
  const known = new Set([...KEYS.map(({ name }) => name), ...Object.keys(NOT_KEYS)]);
  const missing = [...names].filter((name) => !known.has(name));
  const stale = [...known].filter((name) => !names.has(name));
  if (missing.length + stale.length > 0) {
    throw new Error(
      `KEYS of labels-page.ts lacks ${missing.join(', ') || 'nothing'}; stale: ${stale.join(', ') || 'none'}`,
    );
  }
  const rows = (isUsers: boolean): string[][] =>
    KEYS.filter(({ by }) => (by === 'user') === isUsers).map(({ name, form, on, by, meaning }) =>
      isUsers ? [`\`${name}\``, form, on, meaning] : [`\`${name}\``, form, on, by, meaning],
    );
  return `# Annotations, labels and other names

\`npm run docs\` writes this page. It has every name of the domains \`kro.run\` and \`typekro.dev\` that the sources use.

## You write them

${markdownTable(['name', 'form', 'on', 'meaning'], rows(true))}

## Programs write them

Do not change these. Templates that set a label or an annotation of \`kro.run\` are refused.

${markdownTable(['name', 'form', 'on', 'written by', 'meaning'], rows(false))}

## What can go wrong

- **An annotation has no effect.** kro's own controller knows only the names of \`kro.run\`. Names of \`typekro.dev\` need
  TypeKro's controller.
- **An annotation has a value that the controller does not know.** The instance or the definition says so in its
  conditions: \`typekro why\`.
`;
}
