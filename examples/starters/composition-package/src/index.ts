export { standardLabels } from './labels.ts';
export { tenant } from './tenant.ts';
export { webService } from './web-service.ts';
