/** The ServiceAccount of the controller that `typekro bootstrap` and the chart make by default. */
export const DEFAULT_CONTROLLER = 'kro-system/typekro';
