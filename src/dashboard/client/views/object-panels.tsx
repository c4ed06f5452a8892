/** The panels about the content of objects. A browser loads them as one script, with the comparison of texts. */
export { InstanceParts } from './instance-parts.tsx';
export { LogsPanel } from './logs-panel.tsx';
export { ObjectPanel } from './object-panel.tsx';
