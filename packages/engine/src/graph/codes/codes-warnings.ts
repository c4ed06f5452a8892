import type { CodeInfo } from '@typekro/kit/core';
import { warning, withRule, withData, withResources, withSchema, withSpec } from './codes-example.ts';

const deployment = (pod: string, more = ''): string => `- id: app
  template:
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: app}
    spec:
      selector: {matchLabels: {app: x}}
      template:
        metadata: {labels: {app: x}}
        spec:
          containers:
            - ${pod}
${more}`;

/** Problems of a definition that kro accepts in spite of them. */
export const warningCodes: readonly CodeInfo[] = [
  warning(
    'graph/refused-by-api-server',
    "kro compiles the definition, but the API server refuses it by the rules of kro's CRD.",
    withSpec('schema: {apiVersion: "1.0", kind: App, group: example.com}'),
    'Correct the value that the message names.',
  ),
  warning(
    'graph/refused-crd',
    'The API server refuses the CustomResourceDefinition that kro makes of the definition.',
    withSpec('schema: {apiVersion: v1, kind: App, group: acme}'),
    'Correct the part that the message names. The group must be a domain with a dot. The plural of the kind must be a DNS label. Each default must be a value of its type.',
  ),
  warning(
    'graph/missing-required',
    'A template lacks a field that its kind requires; the API server will refuse the object.',
    withResources(
      '- id: app\n  template: {apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 1}}',
    ),
    'Add the field.',
  ),
  warning(
    'graph/invalid-literal',
    'A literal breaks an enum, a pattern or a bound of the schema; the API server will refuse the object.',
    withResources(
      '- id: keda\n  template: {apiVersion: example.com/v1, kind: Gauge, metadata: {name: a}, spec: {level: 11}}',
    ),
    'Write a value that the schema allows.',
  ),
  warning(
    'graph/null-text',
    'A string of a map or list, such as data or args, is null. The API server stores an empty string.',
    withData('port: null'),
    'Write "" for an empty string, or leave it out.',
  ),
  warning(
    'graph/overwritten-status',
    'The status declares the field `state` (with the feature gate ManagedResources also `graph`), which the controller writes itself.',
    withSchema('status: {state: "${string(app.status.replicas)}"}'),
    'Give the field another name.',
  ),
  warning(
    'graph/status-bytes',
    'The value of a status field has bytes. JSON has no bytes, so the controller leaves the field out.',
    withSchema('status: {raw: "${bytes(app.metadata.name)}"}'),
    'Write base64.encode(…) around the bytes.',
  ),
  warning(
    'graph/field-bytes',
    'The value of a template field has bytes, such as one value of a Secret. JSON has no bytes: the definition is accepted, and each instance fails.',
    withResources(
      '- id: sec\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {name: a}}\n' +
        '- id: copy\n  template: {apiVersion: v1, kind: Secret, metadata: {name: b}, data: {user: "${sec.data.user}"}}',
    ),
    'Write string(…) around the bytes in a field that takes plain text (stringData), or copy all of data: data: ${sec.data}.',
  ),
  warning(
    'graph/optional-mark',
    'The name of a field ends with a question mark, as for an optional member of TypeScript. Here the question mark is part of the name.',
    withSchema('').replace('name: string', 'name: string\n      env?: string'),
    'Remove the question mark: a field is optional unless it has the marker required=true.',
  ),
  warning(
    'graph/fractional-bytes',
    'A quantity of memory or storage is given in thousandths of a byte.',
    withResources(deployment('{name: x, image: nginx, resources: {limits: {memory: 512m}}}')),
    'Write 512Mi, or 512M.',
  ),
  warning(
    'graph/enum-brackets',
    'The values of an enum marker are in brackets, which become part of the first and of the last value. With the option strict, it is an error.',
    withSchema('').replace('name: string', 'name: string | enum=[dev,prod]'),
    'Write the values without brackets: enum="dev,prod".',
  ),
  warning(
    'graph/contradicting-markers',
    'The markers of a field exclude each other, so that no value fits.',
    withSchema('').replace('count: integer', 'size: integer | minimum=10 maximum=1\n      count: integer'),
    'Write a lower bound that is not above the upper one.',
  ),
  warning(
    'graph/useless-marker',
    'A marker has no effect, or a different effect than intended: bounds of numbers on a string, default=null, separators other than spaces.',
    withSchema('').replace('name: string', 'name: string | minimum=3'),
    'Write the marker that fits the type, or remove it.',
  ),
  warning(
    'graph/unused-type',
    'A custom type of spec.schema.types is not used.',
    withSchema('types:\n  Port: {number: integer}'),
    'Use it in spec, or remove it.',
  ),
  warning(
    'graph/duplicate-identity',
    'Two resources are the same object.',
    withResources(
      '- id: a\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}\n- id: b\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}',
    ),
    'Give them different names, or make them one resource.',
  ),
  warning(
    'graph/selector-mismatch',
    'The selector of a workload selects labels that its own pods do not have. The API server refuses the workload.',
    withResources(
      '- id: app\n  template:\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: app}\n    spec:\n      selector: {matchLabels: {app: x}}\n      template: {metadata: {labels: {app: z}}, spec: {containers: [{name: x, image: nginx}]}}',
    ),
    'Use the same labels in both places.',
  ),
  warning(
    'graph/selector-matches-nothing',
    'A selector selects labels that no pod template of the graph has.',
    withResources(
      deployment(
        '{name: x, image: nginx}',
        '- id: service\n  template: {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {selector: {app: other}, ports: [{port: 80}]}}',
      ),
    ),
    'Use the same labels in both places.',
  ),
  warning(
    'graph/replicas-of-autoscaler',
    'A template writes the number of replicas of a workload that an autoscaler of the same graph scales.',
    withResources(
      deployment(
        '{name: x, image: nginx}',
        '- id: hpa\n  template: {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: "${app.metadata.name}"}}}',
      ).replace('    spec:\n', '    spec:\n      replicas: 2\n'),
    ),
    'Leave the field out. The API server begins with one replica, and the autoscaler keeps the number between its bounds.',
  ),
  warning(
    'graph/job-runs-again',
    'A Job has the field ttlSecondsAfterFinished. The cluster deletes the Job after its end, and the controller creates it again.',
    withResources(
      '- id: job\n  template: {apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {ttlSecondsAfterFinished: 60, template: {spec: {restartPolicy: Never, containers: [{name: a, image: nginx}]}}}}',
    ),
    'Leave the field out, or write a CronJob for work that must be done again and again.',
  ),
  warning(
    'graph/copied-metadata',
    'An object gets all labels or annotations of its instance. Some of them say to which tool an object belongs, such as applyset.kubernetes.io/id and the tracking keys of Argo CD: the tool may change or delete the copy.',
    withResources(
      '- id: map\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: "${schema.metadata.labels}"}}',
    ),
    'Copy single keys, or those without a domain, as the hint shows.',
  ),
  warning(
    'graph/restarts-pods',
    'A field of a pod template depends on the status of another resource, or on the time: each change restarts the pods.',
    withResources(
      `- id: service
  template: {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}
${deployment('{name: x, image: nginx, env: [{name: A, value: "${string(size(service.status.loadBalancer.ingress))}"}]}')}`,
    ),
    'To wait for the other resource, use readyWhen on it, and read a field that does not change.',
  ),
  warning(
    'graph/changing-identity',
    'A name or a namespace depends on the resourceVersion of an object. Each write of that object, also of its status, then replaces the object of the resource. When the status reads the new object, the replacements never end.',
    withResources(
      "- id: job\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: 'a-${schema.metadata.resourceVersion}'}}",
    ),
    'Read metadata.uid, which never changes, or metadata.generation.',
  ),
  warning(
    'graph/quantity-concatenation',
    'An expression joins a quantity from strings, and the result may be a different amount than intended.',
    withResources(deployment('{name: x, image: nginx, resources: {limits: {cpu: "${string(schema.spec.count)}00m"}}}')),
    'Read the whole quantity from one field of the spec.',
  ),
  warning(
    'graph/type-hole',
    'kro accepts a value that the API server must refuse: a scalar or a list instead of an object. With the option strict, it is an error.',
    withResources(
      '- id: a\n  template: {apiVersion: v1, kind: Service, metadata: {name: a}, spec: "${schema.spec.name}"}',
    ),
    'Return an object, or fill the fields of the object one by one.',
  ),
  warning(
    'graph/invalid-rule',
    'The CEL of a validation marker does not compile. kro does not check it, and the API server refuses the CustomResourceDefinition. With the option strict, it is an error.',
    withRule('self.size() > 3 && self != 0'),
    "Correct the rule. It reads self (the field's value) and oldSelf, and returns a boolean.",
  ),
  warning(
    'graph/unknown-member',
    "A map literal fills an object and has a key that the object's schema lacks. With the option strict, it is an error.",
    withResources(
      '- id: a\n  template: {apiVersion: v1, kind: Service, metadata: {name: a}, spec: \'${{"typ": dyn("ClusterIP")}}\'}',
    ),
    'Correct the key.',
  ),
  warning(
    'graph/foreign-expression',
    "A string refers to the graph in another tool's syntax: $(…), {{…}}, $x, or a path without ${ and }. At a field where the API server refuses the string, it is an error.",
    withData("text: '$(schema.spec.name)'"),
    'Write ${…} around the path.',
  ),
  warning(
    'graph/hidden-name',
    'A loop variable has the same name as a resource, or the name schema. kro then knows neither the variable nor the resource inside the loop. With the option strict, it is an error.',
    withResources(
      '- id: a\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- id: b\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {k: "${[a].map(a, a.metadata.name)[0]}"}}',
    ),
    'Give the variable another name.',
  ),
  warning(
    'graph/added-values',
    'Adjacent expressions are added, not concatenated, because none is a string. With the option strict, it is an error.',
    withSchema('status:\n  id: ${app.spec.replicas}${app.spec.replicas}'),
    'Write string(…) around each part.',
  ),
  warning(
    'graph/never-available',
    'An expression can never have a value.',
    withResources(
      '- id: s\n  template: {apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {k: v}}\n- id: c\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: "${s.stringData.k}"}}',
    ),
    'Read a field that the API server returns, or read the source of the value.',
  ),
  warning(
    'graph/never-ready',
    'A condition of readyWhen can never be true. It reads the list of an externalRef with a selector, although kro evaluates the condition for each object. Or it reads the address of a load balancer that the Service does not have.',
    withResources(
      '- id: pods\n  externalRef: {apiVersion: v1, kind: Pod, metadata: {selector: {matchLabels: {a: b}}}}\n  readyWhen: ["${size(pods) > 0}"]',
    ),
    'Check the objects in the expressions that read them, or give the Service the type LoadBalancer.',
  ),
  warning(
    'graph/stock-function',
    'An expression calls a function that stock kro refuses with its default feature gates.',
    withData('text: ${omit()}'),
    'Compile for the target typekro, or remove the function.',
  ),
];
