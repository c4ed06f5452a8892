/**
 * The panels about the content of objects. A browser loads them in one script, together with the code that compares
 * texts.
 */
export { InstanceParts } from './instance-parts.tsx';
export { LogsPanel } from './logs-panel.tsx';
export { ObjectPanel, OwnedObjects } from './object-panel.tsx';
