/** The labels of every object of the platform. The names are those that Kubernetes recommends. */
export const standardLabels = (name: string, owner: string): Record<string, string> => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/managed-by': 'example-platform',
  'platform.example.com/owner': owner,
});
