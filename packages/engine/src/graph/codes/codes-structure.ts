import { error, withConfigMap, withData, withResources, withSchema, withSpec } from './codes-example.ts';
import type { CodeInfo } from '@typekro/kit/core';

/** Problems of the parts of a definition: names, kinds, templates. */
export const structureCodes: readonly CodeInfo[] = [
  error(
    'graph/invalid-definition',
    'A part of the definition has the wrong JSON type.',
    withSpec('schema: {apiVersion: v1, kind: App}\nresources: {id: a}'),
    'Write the part as the reference of ResourceGraphDefinition shows it.',
  ),
  error(
    'graph/schema-missing',
    'There is no spec.schema, so the definition defines no API.',
    withSpec('resources: []'),
    'Add spec.schema with apiVersion and kind.',
  ),
  error(
    'graph/invalid-kind-name',
    'The kind that the definition defines is not upper camel case.',
    withSpec('schema: {apiVersion: v1, kind: webApp, group: example.com}'),
    'Begin with an uppercase letter, and use ASCII letters and digits only: WebApp.',
  ),
  error(
    'graph/reserved-name',
    'A resource id or iterator is a reserved word of kro or CEL.',
    withResources('- id: instance\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}'),
    'Choose another name.',
  ),
  error(
    'graph/invalid-id',
    'A resource id is not lower camel case.',
    withResources('- id: my-config\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}'),
    'Begin with a lowercase letter, and use ASCII letters and digits only: myConfig.',
  ),
  error(
    'graph/duplicate-id',
    'Two resources have the same id.',
    withResources(
      '- id: a\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- id: a\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}',
    ),
    'Give each resource its own id.',
  ),
  error(
    'graph/too-many-dimensions',
    'A forEach has more dimensions than allowed (10).',
    withConfigMap(
      `forEach:\n${Array.from({ length: 11 }, (_, index) => `  - i${index}: \${schema.spec.tags}`).join('\n')}`,
    ),
    'Use fewer dimensions: combine several lists into one.',
  ),
  error(
    'graph/invalid-iterator-name',
    'The name of a forEach dimension is not lower camel case.',
    withConfigMap('forEach:\n  - My-Tag: ${schema.spec.tags}'),
    'Begin with a lowercase letter, and use ASCII letters and digits only.',
  ),
  error(
    'graph/iterator-conflict',
    'The name of a forEach dimension is already the name of a resource or of another dimension.',
    withConfigMap('forEach:\n  - config: ${schema.spec.tags}'),
    'Choose another name for the dimension.',
  ),
  error(
    'graph/field-combination',
    'A resource has both or neither of template and externalRef, or an externalRef with forEach.',
    withResources('- id: a'),
    'A resource that kro creates needs a template. A resource that kro only reads needs an externalRef without forEach.',
  ),
  error(
    'graph/feature-gate',
    'The definition has a part behind a feature gate that is off. Released kro does not have these parts.',
    withResources('- id: names\n  variable: {app: "${schema.spec.name}"}'),
    'Turn the gate on in the controller (--feature-gates), and compile with the feature; or remove the part.',
  ),
  error(
    'graph/invalid-deletion-policy',
    'A deletionPolicy is neither Delete nor Orphaned, or its resource has no template.',
    withConfigMap('deletionPolicy: Keep'),
    'Write Orphaned so that the object stays, or Delete so that the controller deletes it. Leave the field out of external references.',
  ),
  error(
    'graph/invalid-external-field',
    'An entry of externalFields is not the path of a field of the template, or leads into a list.',
    withConfigMap('externalFields: [spec.replicas]'),
    'Write the names of the fields with dots between them. Leave out fields that identify the object.',
  ),
  error(
    'graph/invalid-optional',
    'The field "optional" of a resource is neither true nor false, or the resource has no template.',
    withConfigMap('optional: sometimes'),
    'Write optional: true in a resource whose kind may be missing when the definition is compiled.',
  ),
  error(
    'graph/propagate-when',
    'A condition of propagateWhen can never become true, because it waits for the change that it holds back: of its own resource or, in spec.propagateWhen, of instances to the new revision. The code also reports a resource without a template, wrong arguments of exponentiallyReady or linearlyReady, and, in spec.propagateWhen, a kind whose lowercase singular or plural cannot be a variable.',
    withResources(
      '- id: a\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n  propagateWhen: ["${a.ready()}"]',
    ),
    'Read another resource. For the objects of a loop, use exponentiallyReady(each, …) or linearlyReady(each, …, n).',
  ),
  error(
    'graph/invalid-variable',
    'A variable is not an object, is combined with a template or an externalRef, or has a key that is equal to its own id.',
    withResources('- id: names\n  variable: {names: "${schema.spec.name}"}'),
    'Write an object whose keys differ from the id, and read a value of it as ${id.key}.',
  ),
  error(
    'graph/scale',
    'The markers scale and scaleSelector do not fit their fields or each other. A kind needs scale on exactly one field of spec and one field of status; scaleSelector, if at all, is on one field of status. The fields have plain names and are outside lists. In status, one expression returns a whole number for scale, and a string for scaleSelector.',
    withSchema('').replace('count: integer', 'size: integer | scale\n      count: integer'),
    'Write replicas: integer | scale in spec, and replicas: ${web.status.replicas} | scale in status.',
  ),
  error(
    'graph/print-column',
    'A field has the marker printColumn, and a name on its path begins with a digit or has characters other than letters, digits and _.',
    withSchema('').replace('name: string', 'name: string\n      disk-size: integer | printColumn="DISK"'),
    'Rename the field, or write the column in additionalPrinterColumns.',
  ),
  error(
    'graph/external-metadata',
    'An externalRef has both or neither of metadata.name and metadata.selector.',
    withResources('- id: a\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {namespace: default}}'),
    'Write the name of one object, or a selector for all objects that match; {} matches every object.',
  ),
  error(
    'graph/external-selector',
    'The selector of an externalRef is neither a label selector nor an expression that returns one.',
    withResources(
      '- id: a\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {selector: {matchExpressions: [{key: app, operator: Near}]}}}',
    ),
    'Write matchLabels with strings, matchExpressions with In, NotIn, Exists or DoesNotExist, or one bare ${…}.',
  ),
  error(
    'graph/invalid-template',
    'A template is not an object with apiVersion, kind and metadata.',
    withResources('- id: a\n  template: {kind: ConfigMap, metadata: {name: a}}'),
    'Write apiVersion and kind as plain strings and metadata as an object.',
  ),
  error(
    'graph/invalid-api-version',
    'The apiVersion of a template has more than one slash.',
    withResources('- id: a\n  template: {apiVersion: a/b/v1, kind: ConfigMap, metadata: {name: a}}'),
    'Write "version" for the core group, and "group/version" for other groups.',
  ),
  error(
    'graph/invalid-kind',
    'The kind of a template is not a valid kind.',
    withResources('- id: a\n  template: {apiVersion: v1, kind: Config_Map, metadata: {name: a}}'),
    'Write the kind as its API names it. Expressions cannot fill it.',
  ),
  error(
    'graph/unknown-kind',
    'No schema is known for the kind of a template.',
    withResources('- id: a\n  template: {apiVersion: v1, kind: Deployment, metadata: {name: a}}'),
    'Check apiVersion and kind. For a custom kind, pass its CustomResourceDefinition (--crds), or install it in the cluster.',
  ),
  error(
    'graph/no-resource',
    'The kind is a type of the API, but no object of this type can be created.',
    withResources('- id: a\n  template: {apiVersion: autoscaling/v1, kind: Scale, metadata: {name: a}}'),
    'Use the kind that has this type as a subresource.',
  ),
  error(
    'graph/scope',
    'A template of a cluster-scoped kind has a namespace, or a template lacks a namespace that it must have.',
    withResources('- id: a\n  template: {apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: b}}'),
    'Remove metadata.namespace from templates of cluster-scoped kinds. Set it in templates of namespaced kinds when the instances are cluster-scoped.',
  ),
  error(
    'graph/reserved-key',
    'A label or annotation of a template has a prefix that kro reserves.',
    withResources(
      '- id: a\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {kro.run/mine: "1"}}}',
    ),
    'Use a prefix of your own.',
  ),
  error(
    'graph/unknown-field',
    'A template has a field that the schema of its kind does not have.',
    withConfigMap('  dta: {a: b}'),
    'Correct the name, or remove the field; `kubectl explain` lists the fields of a kind.',
  ),
  error(
    'graph/schema-hole',
    'The schema of a kind does not state the type of a field, so kro cannot fill the field.',
    withResources(
      '- id: a\n  template: {apiVersion: example.com/v1, kind: Gauge, metadata: {name: a}, spec: {anything: {a: b}}}',
    ),
    'Leave the field out of the template, or give the field a type in the CustomResourceDefinition.',
  ),
  error(
    'graph/literal-type',
    'A literal has another type than its field.',
    withData('port: 8080'),
    'Write a string in quotes, and a number, true or false without quotes.',
  ),
  error(
    'graph/nested-expression',
    'An expression begins inside another one.',
    withData('text: \'${"a" + ${schema.spec.name}}\''),
    'Inside ${…}, write variables without ${…}: ${"a" + schema.spec.name}.',
  ),
  error(
    'graph/crd-expression',
    'A template of a CustomResourceDefinition has an expression outside metadata.',
    withResources(
      '- id: a\n  template: {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}, spec: {group: "${schema.spec.name}"}}',
    ),
    'Write a CustomResourceDefinition without expressions: a kind is the same for all instances.',
  ),
  error(
    'graph/defer',
    'The name or namespace of an object is deferred. Both must be known before the object is written.',
    withResources(
      '- id: a\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- id: b\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${defer(a.metadata.uid)}"}}',
    ),
    'Read the value without defer(), so that the resource waits for it.',
  ),
  error(
    'graph/dynamic-key',
    'The expression of a computed key does not return a string.',
    withData('"${schema.spec.count}": x'),
    'Convert the value: ${string(…)}. A key that is null leaves the member out.',
  ),
  error(
    'graph/not-standalone',
    'An entry of readyWhen, includeWhen, forEach or conditions is not one expression alone.',
    withConfigMap('includeWhen:\n  - schema.spec.count > 0'),
    'Write ${…} without other text. In a block scalar use "|-", so that no newline follows.',
  ),
  error(
    'graph/status-literal',
    'A status field is a literal.',
    withSchema('status:\n  phase: Running'),
    'Use an expression that reads a resource or schema, or remove the field.',
  ),
  error(
    'graph/constant-status',
    'A status field has an expression that reads neither a resource nor schema.',
    withSchema('status:\n  answer: ${40 + 2}'),
    'Read a resource or schema, or remove the field.',
  ),
  error(
    'graph/invalid-status-path',
    'The key of a status field contains brackets or quotes, which kro cannot parse.',
    withSchema('status:\n  "a[b]": ${app.metadata.name}'),
    'Use keys without brackets and quotes.',
  ),
  error(
    'graph/conditions-block',
    'status.conditions is not a list of expressions.',
    withSchema('status:\n  conditions: Ready'),
    'Write a list of ${runtime.newCondition({type: "…", status: "…"})}.',
  ),
];
