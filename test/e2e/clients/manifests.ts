/** A CRD with the features that clients use: enum, default, rule, columns, status, scale, and a selectable field. */
export const WIDGETS = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.e2e.typekro.dev}
spec:
  group: e2e.typekro.dev
  scope: Namespaced
  names: {kind: Widget, listKind: WidgetList, plural: widgets, singular: widget, shortNames: [wd]}
  versions:
    - name: v1
      served: true
      storage: true
      subresources:
        status: {}
        scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}
      selectableFields: [{jsonPath: .spec.colour}]
      additionalPrinterColumns:
        - {name: Colour, type: string, jsonPath: .spec.colour}
        - {name: Size, type: integer, jsonPath: .spec.size}
        - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [colour]
              properties:
                colour: {type: string, enum: [blue, red]}
                size: {type: integer, default: 1}
              x-kubernetes-validations:
                - {rule: "self.colour != 'blue' || self.size < 5", message: blue ones are small}
            status:
              type: object
              properties:
                colour: {type: string}
                size: {type: integer}
`;

/** A Widget as YAML. */
export function widget(name: string, colour: string): string {
  return `apiVersion: e2e.typekro.dev/v1\nkind: Widget\nmetadata: {name: ${name}}\nspec: {colour: ${colour}}\n`;
}

/** A Deployment with one container, as YAML. */
export function deployment(options: {
  readonly name?: string;
  readonly image: string;
  readonly replicas: number | string;
  /** An additional line of the spec. */
  readonly extra?: string;
}): string {
  const { name = 'web', image, replicas, extra } = options;
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: ${replicas}
${extra === undefined ? '' : `  ${extra}\n`}  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: web, image: "${image}"}]}
`;
}

/** A ConfigMap as JSON. */
export function configMap(
  name: string,
  data: Readonly<Record<string, string>>,
  labels?: Readonly<Record<string, string>>,
): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, ...(labels === undefined ? {} : { labels }) },
    data,
  });
}
