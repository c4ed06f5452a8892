import { expect, test } from 'vitest';
import { takeConnectionFlags } from './connection-flags.ts';

test.each([
  [[], {}, []],
  [['--kubeconfig', 'a', '--leader-elect'], { path: 'a' }, ['--leader-elect']],
  [['-kubeconfig=a', '--context=b'], { path: 'a', context: 'b' }, []],
  [['--client-qps', '5', '--context', 'x y'], { context: 'x y' }, ['--client-qps', '5']],
  [['--kubeconfigs=a'], {}, ['--kubeconfigs=a']],
])('%j selects the cluster %j and leaves the arguments %j', (args, connection, rest) => {
  expect(takeConnectionFlags(args)).toEqual({ connection, rest });
});

test.each([[['--kubeconfig']], [['--context=']]])('%j is refused', (args) => {
  expect(() => takeConnectionFlags(args)).toThrow(/needs a value/);
});
