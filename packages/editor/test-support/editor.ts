import type { Position } from 'vscode-languageserver';
import { type EditorDocument, Workspace } from '@typekro/editor';

/** The character that marks the cursor in the documents of tests. */
export const CURSOR = '‸';

export const URI = 'file:///work/app.yaml';

/** A workspace with one open document, and the position of the cursor in it. */
export function editorAt(
  marked: string,
  others: Readonly<Record<string, string>> = {},
): { readonly workspace: Workspace; readonly document: EditorDocument; readonly position: Position } {
  const offset = marked.indexOf(CURSOR);
  const text = marked.replace(CURSOR, '');
  const workspace = new Workspace(() => []);
  for (const [name, content] of Object.entries(others)) workspace.setFile(`file:///work/${name}`, name, content);
  const document = workspace.open(URI, 'app.yaml', 1, text);
  return { workspace, document, position: document.text.positionAt(Math.max(offset, 0)) };
}

/** A definition with two nodes. The second node reads the first node. */
export const SHOP = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: shop
spec:
  schema:
    apiVersion: v1alpha1
    kind: Shop
    types:
      Port:
        number: integer | required=true
        name: string
    spec:
      name: string | required=true
      replicas: integer | default=2 minimum=1
      tier: string
      ports: "[]Port"
    status:
      ready: \${web.status.readyReplicas}
  resources:
    - id: web
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: \${schema.spec.name}
        spec:
          replicas: \${schema.spec.replicas}
          selector:
            matchLabels: {app: shop}
          template:
            metadata:
              labels: {app: shop}
            spec:
              containers:
                - name: web
                  image: nginx
    - id: front
      includeWhen:
        - \${schema.spec.replicas > 1}
      template:
        apiVersion: v1
        kind: Service
        metadata:
          name: \${web.metadata.name}-front
        spec:
          selector: {app: shop}
          ports:
            - port: 80
`;

/**
 * Inserts `typed` and the cursor after the first occurrence of `before`. If `before` ends with a line break, `typed`
 * becomes a separate line.
 */
export function typing(text: string, before: string, typed = ''): string {
  const at = text.indexOf(before);
  if (at < 0) throw new Error(`the text has no ${before}`);
  const end = at + before.length;
  const lineBreak = before.endsWith('\n') ? '\n' : '';
  return `${text.slice(0, end)}${typed}${CURSOR}${lineBreak}${text.slice(end)}`;
}
