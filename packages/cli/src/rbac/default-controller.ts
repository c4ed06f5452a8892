/** The controller's ServiceAccount that `typekro bootstrap` and the chart create by default. */
export const DEFAULT_CONTROLLER = 'kro-system/typekro';
