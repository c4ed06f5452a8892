/** The labels of every object of the platform. Kubernetes recommends the keys with the prefix `app.kubernetes.io`. */
export const standardLabels = (name: string, owner: string): Record<string, string> => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/managed-by': 'example-platform',
  'platform.example.com/owner': owner,
});
