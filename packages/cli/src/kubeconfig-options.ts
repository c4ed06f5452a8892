import type { OptionSpec } from './command.ts';

/** The context of the kubeconfig that a command reads. */
export const CONTEXT_OPTION: OptionSpec = { name: 'context', summary: 'a context of the kubeconfig', value: 'name' };

/** The kubeconfig and its context, for a command that reads the cluster of the user. */
export const KUBECONFIG_OPTIONS: readonly OptionSpec[] = [
  { name: 'kubeconfig', summary: 'a kubeconfig file; default: that of kubectl', value: 'file' },
  CONTEXT_OPTION,
];

/** The kubeconfig and its context, for a command that also runs in a pod. */
export const KUBECONFIG_OR_POD_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'kubeconfig',
    summary: 'a kubeconfig file; default: that of kubectl, or else the account of the pod',
    value: 'file',
  },
  CONTEXT_OPTION,
];
