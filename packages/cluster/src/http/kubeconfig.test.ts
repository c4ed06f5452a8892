import { expect, test } from 'vitest';
import { yamlLibrary } from '@typekro/kit/core';
import { kubeconfigText } from './kubeconfig.ts';

test.each(['secret', '0123', '1e5', 'yes', 'null', '12:30', 'a: b', 'a #b', '-', '"quoted"', '{a}', 'größe'])(
  'the token %j is a YAML string in a kubeconfig',
  (token) => {
    const document: unknown = yamlLibrary().parse(kubeconfigText('https://127.0.0.1:1', token, undefined), {
      version: '1.1',
    });
    expect(document).toMatchObject({ users: [{ user: { token } }] });
  },
);
